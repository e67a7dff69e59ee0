// Who is signed in. The key lives in sessionStorage, so closing the tab forgets it; only on request in localStorage.

const STORE = 'millrace.session';

/**
 * @typedef {{kind: 'key', key: string}} KeySession
 * @typedef {{kind: 'client', tenant: string, client: string, secret: string, token?: string, until?: number}} ClientSession
 */

/** @returns {KeySession | ClientSession | null} */
export function load() {
  for (const store of [sessionStorage, localStorage]) {
    try {
      const session = JSON.parse(store.getItem(STORE));
      if (session?.kind) return session;
    } catch {
      // Not ours, or storage is forbidden: nobody is signed in.
    }
  }
  return null;
}

/** @param {boolean} remember keep it on this computer after the tab is closed */
export function save(session, remember) {
  sessionStorage.setItem(STORE, JSON.stringify(session));
  if (remember) localStorage.setItem(STORE, JSON.stringify(session));
}

/** A new token of the same sign-in, wherever that is kept. */
export function update(session) {
  save(session, localStorage.getItem(STORE) !== null);
}

export function clear() {
  sessionStorage.removeItem(STORE);
  localStorage.removeItem(STORE);
}
