// Addresses inside the console: `#/assets/name`. Each part is percent-encoded, so any name may stand in one.

import { useEffect, useState } from 'preact/hooks';

/** `#/assets/a%20b` as ['assets', 'a b']; the library is []. */
export function parse(hash) {
  return hash.replace(/^#?\/?/, '').split('/').filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

/** The address of parts. */
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join('/')}`;

/** The parts of the present address; draws again when it changes. */
export function useRoute() {
  const [parts, setParts] = useState(parse(location.hash));
  useEffect(() => {
    const changed = () => setParts(parse(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parts;
}
