// What HLS media playlists say (RFC 8216), as far as the console asks. Pure.

/** {growing, seconds} of a media playlist: while a title grows, its list lacks the end. */
export function extent(playlist) {
  const seconds = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce((sum, [, length]) => sum + Number(length), 0);
  return { growing: !/^#EXT-X-ENDLIST/m.test(playlist), seconds };
}

/** Entries of an I-frame playlist: [{uri, range?}], the range as an HTTP one. */
export function keyFrames(playlist) {
  const frames = [];
  let range;
  let after = 0;
  for (const line of playlist.split('\n')) {
    const found = /^#EXT-X-BYTERANGE:(\d+)(?:@(\d+))?/.exec(line);
    if (found) {
      const start = found[2] === undefined ? after : Number(found[2]);
      after = start + Number(found[1]);
      range = `bytes=${start}-${after - 1}`;
    } else if (line && !line.startsWith('#')) {
      frames.push({ uri: line.trim(), range });
      range = undefined;
    }
  }
  return frames;
}
