// Parses HLS playlists in strict mode with a parser that is not ours.
//
//   node hls-check.mjs URL [URL …]      a master playlist is followed into its media playlists
//
// Prints {url, kind, segments} for each and exits 1 at the first that does not hold.

import HLS from 'hls-parser';

HLS.setOptions({ strictMode: true });

async function check(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const playlist = HLS.parse(await response.text());
  console.log(JSON.stringify({ url, kind: playlist.isMasterPlaylist ? 'master' : 'media', segments: playlist.segments?.length }));
  if (!playlist.isMasterPlaylist) {
    if (playlist.segments.length === 0) throw new Error(`${url}: no segments`);
    return;
  }
  const uris = new Set(playlist.variants.map((variant) => variant.uri));
  for (const variant of playlist.variants) {
    for (const audio of variant.audio) if (audio.uri) uris.add(audio.uri);
  }
  for (const uri of uris) await check(new URL(uri, url).href);
}

for (const url of process.argv.slice(2)) await check(url);
