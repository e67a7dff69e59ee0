// One way to play, whichever library does it. Libraries are fetched when first used and never before.
//
// An engine's `start(video, url, {startAt, type, onError})` resolves when it has taken the stream on, to a session
// (startAt: seconds, undefined for where the stream itself begins; type: the MIME type of the manifest):
//   levels()   [{id, width, height, bitrate}], best first; the same ids for the life of the session
//   current()  {id, width, height, bitrate, codecs} of what is on the screen, or null before there is anything
//   select(id) plays that level; null lets the player choose
//   auto()     whether the player chooses
//   bandwidth() what it thinks the line carries, bits per second
//   stop()     gives the element back

const ENGINES = {
  shaka: { title: 'Shaka Player', load: () => import('./shaka.js') },
  hls: { title: 'hls.js', load: () => import('./hls.js') },
  dash: { title: 'dash.js', load: () => import('./dash.js') },
  smooth: { title: 'dash.js', load: () => import('./smooth.js') },
};

export const engineTitle = (name) => ENGINES[name].title;

/** A session that plays `url` in `video`. */
export async function play(engine, video, url, options) {
  const { start } = await ENGINES[engine].load();
  return start(video, url, options);
}

/** What the element itself knows, added to what the session says. */
export function statistics(video, session) {
  const quality = video.getVideoPlaybackQuality?.() ?? { totalVideoFrames: 0, droppedVideoFrames: 0 };
  const ranges = video.buffered;
  let ahead = 0;
  for (let index = 0; index < ranges.length; index += 1) {
    if (ranges.start(index) <= video.currentTime + 0.1 && ranges.end(index) > video.currentTime) ahead = ranges.end(index) - video.currentTime;
  }
  // What a session calls current is what it fetches; the picture on the screen may still be of an earlier choice.
  const shown = session?.levels().find((level) => level.height === video.videoHeight);
  const current = session?.current() ?? null;
  return {
    level: current?.height === video.videoHeight ? current : shown ?? current,
    auto: session?.auto() ?? true,
    bandwidth: session?.bandwidth() ?? 0,
    frames: quality.totalVideoFrames,
    dropped: quality.droppedVideoFrames,
    ahead,
    width: video.videoWidth,
    height: video.videoHeight,
  };
}

/** Orders levels best first. */
export const best = (a, b) => (b.height ?? 0) - (a.height ?? 0) || b.bitrate - a.bitrate;
