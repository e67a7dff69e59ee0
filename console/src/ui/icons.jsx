// Line icons on a grid of 24, drawn here so that nothing is fetched for them.

const PATHS = {
  play: 'M8 5.500v13l11-6.500z',
  film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9.500h4M4 14.500h4M16 9.500h4M16 14.500h4',
  upload: 'M12 16V4m0 0L7 9m5-5 5 5M4 16v4h16v-4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'm5 12.500 4.500 4.500L19 7',
  close: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 4 2.500 20h19zM12 10v4.500M12 17.200v.1',
  search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500 20 20',
  gear: 'M5 7h8M17 7h2M5 12h2M11 12h8M5 17h6M15 17h4M13 5v4M7 10v4M11 15v4',
  jobs: 'M4 6h10M4 12h7M4 18h5M20 10l-5 5-2.500-2.500',
  recipe: 'M6 3h12v18H6zM9 8h6M9 12h6M9 16h3',
  pause: 'M8 5v14M16 5v14',
  bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400',
  dark: 'M19 14.500A8 8 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z',
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
  leave: 'M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  globe: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM3.500 12h17M12 3.500c5 5.500 5 11.500 0 17M12 3.500c-5 5.500-5 11.500 0 17',
  download: 'M12 4v12m0 0 5-5m-5 5-5-5M4 20h16',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  down: 'm6 9 6 6 6-6',
  back: 'm14 6-6 6 6 6',
  plus: 'M12 5v14M5 12h14',
};

export function Icon({ name }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill={name === 'play' ? 'currentColor' : 'none'} stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mill wheel over water. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" stroke-width="2.400" stroke-linecap="round">
        <circle cx="16" cy="14" r="6.500" />
        <path d="M16 7.500v13M9.500 14h13M11.400 9.400l9.200 9.200M20.600 9.400l-9.200 9.200" stroke-width="1.600" />
        <path d="M5 25c2.200-1.800 4.400-1.800 6.600 0s4.400 1.800 6.600 0 4.400-1.800 6.600 0" />
      </g>
    </svg>
  );
}
