// Light, dark, or as the system says. The style sheet does the rest by `color-scheme` and `light-dark()`.

const STORE = 'millrace.theme';
export const THEMES = ['system', 'light', 'dark'];

export function theme() {
  try {
    const kept = localStorage.getItem(STORE);
    return THEMES.includes(kept) ? kept : 'system';
  } catch {
    return 'system';
  }
}

export function applyTheme(choice = theme()) {
  document.documentElement.dataset.theme = choice;
  try {
    localStorage.setItem(STORE, choice);
  } catch {
    // Then it lasts until the page is left.
  }
}
