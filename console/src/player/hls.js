// hls.js: HLS with transport stream or CMAF segments.

import Hls from 'hls.js';
import { best } from './index.js';

/** Tries of a media error before giving up: the library can mend most of them once. */
const MENDS = 2;

export function start(video, url, { startAt, onError }) {
  if (!Hls.isSupported()) throw new Error('This browser has no Media Source Extensions, which hls.js needs.');
  const hls = new Hls({ startPosition: startAt ?? -1, maxBufferLength: 20, capLevelToPlayerSize: false });
  let mended = 0;
  const level = (index) => {
    const { width, height, bitrate, attrs } = hls.levels[index];
    return { id: index, width, height, bitrate, codecs: attrs?.CODECS };
  };
  const session = {
    levels: () => hls.levels.map((_, index) => level(index)).sort(best),
    current: () => (hls.levels[hls.currentLevel] ? level(hls.currentLevel) : null),
    select: (id) => (hls.currentLevel = id ?? -1),
    auto: () => hls.autoLevelEnabled,
    bandwidth: () => hls.bandwidthEstimate || 0,
    stop: () => hls.destroy(),
  };
  return new Promise((resolve, reject) => {
    let ready = false;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      ready = true;
      resolve(session);
    });
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mended < MENDS) {
        mended += 1;
        return hls.recoverMediaError();
      }
      const why = sentence(data);
      hls.destroy();
      if (ready) onError(why);
      else reject(new Error(why));
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  });
}

function sentence(data) {
  if (data.response?.code) return `The server answered ${data.response.code} for ${String(data.response.url ?? data.url ?? 'the stream').split('/').pop()}.`;
  if (data.type === Hls.ErrorTypes.NETWORK_ERROR) return 'The stream’s server cannot be reached.';
  return `hls.js gave up: ${data.details}.`;
}
