// Shaka Player: DASH and HLS with CMAF segments.

import shaka from 'shaka-player/dist/shaka-player.compiled-es2021.js';
import { best } from './index.js';

export async function start(video, url, { startAt, type, onError }) {
  shaka.polyfill.installAll();
  if (!shaka.Player.isBrowserSupported()) throw new Error('This browser has no Media Source Extensions, which Shaka Player needs.');
  const player = new shaka.Player();
  await player.attach(video);
  player.configure({ streaming: { bufferingGoal: 20 }, manifest: { hls: { ignoreManifestProgramDateTime: true } } });
  player.addEventListener('error', ({ detail }) => detail.severity === shaka.util.Error.Severity.CRITICAL && onError(sentence(detail)));
  try {
    // Without the type the library asks for it with a request of its own.
    await player.load(url, startAt, type);
  } catch (error) {
    await player.destroy();
    throw new Error(sentence(error));
  }
  const level = (track) => ({ id: track.videoId ?? track.id, width: track.width, height: track.height, bitrate: track.videoBandwidth || track.bandwidth, codecs: track.codecs });
  const active = () => player.getVariantTracks().find((track) => track.active);
  let automatic = true;
  return {
    levels() {
      const language = active()?.language;
      const tracks = player.getVariantTracks().filter((track) => track.language === language);
      return [...new Map(tracks.map((track) => [track.videoId ?? track.id, level(track)])).values()].sort(best);
    },
    current: () => (active() ? level(active()) : null),
    select(id) {
      automatic = id === null;
      player.configure('abr.enabled', automatic);
      const language = active()?.language;
      const track = player.getVariantTracks().find((one) => (one.videoId ?? one.id) === id && one.language === language);
      if (track) player.selectVariantTrack(track, true);
    },
    auto: () => automatic,
    bandwidth: () => player.getStats().estimatedBandwidth || 0,
    stop: () => player.destroy(),
  };
}

function sentence(error) {
  if (error.code === 1001) return `The server answered ${error.data?.[1]} for ${String(error.data?.[0]).split('/').pop()}.`;
  if (error.code === 1002) return 'The stream’s server cannot be reached.';
  if (error.code === 4032 || error.code === 4012) return 'This browser cannot decode any rendition of the stream.';
  const name = Object.entries(shaka.util.Error.Code ?? {}).find(([, code]) => code === error.code)?.[0];
  return `Shaka Player gave up: ${name ? name.toLowerCase().replaceAll('_', ' ') : error.message ?? 'an error'} (code ${error.code}).`;
}
