// How far a title is that is still being encoded, told from its public playlist.

import { extent } from './playlist.js';

/** {growing, seconds} of the title behind an HLS master playlist, or null when it has nothing yet. */
export async function growth(masterUrl) {
  const master = await fetch(masterUrl);
  if (!master.ok) return null;
  const first = (await master.text()).split('\n').find((line) => line && !line.startsWith('#'));
  if (!first) return null;
  const list = await fetch(new URL(first.trim(), masterUrl));
  return list.ok ? extent(await list.text()) : null;
}
