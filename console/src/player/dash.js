// dash.js: DASH, and with its extension Smooth Streaming.

import * as dashjs from 'dashjs';
import { best } from './index.js';

export function start(video, url, { startAt, onError }) {
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: 0 }, streaming: { buffer: { bufferTimeDefault: 20 }, text: { defaultEnabled: false } } });
  const level = (one) => ({ id: one.id, width: one.width, height: one.height, bitrate: one.bandwidth ?? one.bitrateInKbit * 1000, codecs: one.codecs?.match(/"(.*)"/)?.[1] ?? one.codecs });
  let automatic = true;
  const session = {
    levels: () => (player.getRepresentationsByType('video') ?? []).map(level).sort(best),
    current() {
      const one = player.getCurrentRepresentationForType('video');
      return one ? level(one) : null;
    },
    select(id) {
      automatic = id === null;
      player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: automatic } } } });
      if (!automatic) player.setRepresentationForTypeById('video', id, true);
    },
    auto: () => automatic,
    bandwidth: () => (player.getAverageThroughput('video') || 0) * 1000,
    stop: () => player.destroy(),
  };
  return new Promise((resolve, reject) => {
    let ready = false;
    player.on('streamInitialized', () => {
      ready = true;
      resolve(session);
    });
    player.on('error', ({ error }) => {
      const why = sentence(error);
      if (ready) return onError(why);
      player.destroy();
      reject(new Error(why));
    });
    player.initialize(video, url, video.autoplay, startAt);
  });
}

function sentence(error) {
  const status = error?.data?.response?.status;
  if (status) return `The server answered ${status} for ${String(error.data.request?.url ?? 'the stream').split('/').pop()}.`;
  return `dash.js gave up: ${String(error?.message ?? error).replace(/[.\s]+$/, '')}.`;
}
