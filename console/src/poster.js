// A picture for a card of the library, at the cost of a few small requests: an image file of the asset if it has one, else a
// key frame of the smallest rendition, else a frame of the uploaded file itself. Kept in the browser's cache afterwards.

import { blobUrl, listBlobs } from './blob.js';
import { locatorsOf, urlsOf } from './locators.js';
import { keyFrames } from './playlist.js';

const CACHE = 'millrace-posters';
/** Posters made at a time: each uses a decoder. */
const PARALLEL = 2;
const WIDTH = 320;
/** A broken file must not hold the queue. */
const TIMEOUT_MS = 10_000;
/** Files that a browser may be able to decode. */
const VIDEO = /\.(mp4|m4v|mov|webm)$/i;
const IMAGE = /\.(jpe?g|png)$/i;
/** An image of more than this is no thumbnail. */
const MAX_IMAGE = 2_000_000;

const waiting = [];
let running = 0;

/** A URL for an <img>, or null; the caller revokes blob: URLs. Asked for again only when the asset changed. */
export async function poster(api, asset, signal) {
  const key = `/poster/${asset.properties.assetId}/${Date.parse(asset.properties.lastModified)}`;
  const kept = await fromCache(key);
  if (kept) return kept;
  await turn();
  try {
    if (signal.aborted) return null;
    const picture = await make(api, asset.name);
    if (picture) await toCache(key, picture);
    return picture && URL.createObjectURL(picture);
  } catch {
    // No poster is no error: the card shows its symbol.
    return null;
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function turn() {
  running += 1;
  if (running <= PARALLEL) return Promise.resolve();
  return new Promise((resolve) => waiting.push(resolve));
}

async function make(api, name) {
  const { assetContainerSasUrls } = await api.post(`assets/${name}/listContainerSas`, { permissions: 'Read', expiryTime: new Date(Date.now() + 3_600_000).toISOString() });
  const sas = assetContainerSasUrls[0];
  const blobs = await listBlobs(sas, 100);
  const image = blobs.find((blob) => IMAGE.test(blob.name) && blob.size <= MAX_IMAGE);
  if (image) return picture(await loadImage(blobUrl(sas, image.name)));
  return (await keyFrame(api, name)) ?? (await frameOf(blobs, sas));
}

/** A frame of the first file that the browser plays by itself. */
async function frameOf(blobs, sas) {
  const file = blobs.find((blob) => VIDEO.test(blob.name));
  return file ? withVideo((video) => {
    video.preload = 'metadata';
    video.src = `${blobUrl(sas, file.name)}#t=1`;
  }) : null;
}

/** The key frame at a quarter of the title, from the I-frame playlist of the smallest rendition. */
async function keyFrame(api, name) {
  const open = (await locatorsOf(api, name)).find((locator) => locator.state === 'open');
  if (!open) return null;
  const { streams } = await urlsOf(api, open.name);
  const hls = streams.find((stream) => stream.id === 'hls-cmaf');
  if (!hls) return null;
  const master = await text(hls.url);
  const lists = [...master.matchAll(/^#EXT-X-I-FRAME-STREAM-INF:(.*)$/gm)].map(([, line]) => ({
    bandwidth: Number(/BANDWIDTH=(\d+)/.exec(line)?.[1]),
    codecs: /CODECS="([^"]*)"/.exec(line)?.[1],
    uri: /URI="([^"]*)"/.exec(line)?.[1],
  }));
  const smallest = lists.sort((a, b) => a.bandwidth - b.bandwidth)[0];
  if (!smallest) return null;
  const base = new URL(smallest.uri, hls.url);
  const list = await text(base);
  const frames = keyFrames(list);
  const frame = frames[Math.floor(frames.length / 4)];
  const map = /#EXT-X-MAP:.*URI="([^"]*)"/.exec(list)?.[1];
  if (!frame || !map) return null;
  const parts = await Promise.all([bytes(new URL(map, base)), bytes(new URL(frame.uri, base), frame.range)]);
  return decode(`video/mp4; codecs="${smallest.codecs}"`, parts);
}

/** Decodes one frame by Media Source Extensions. */
function decode(type, parts) {
  const source = new MediaSource();
  return withVideo((video, fail) => {
    video.src = URL.createObjectURL(source);
    source.addEventListener('sourceopen', async () => {
      try {
        URL.revokeObjectURL(video.src);
        const buffer = source.addSourceBuffer(type);
        for (const part of parts) {
          buffer.appendBuffer(part);
          await new Promise((done) => buffer.addEventListener('updateend', done, { once: true }));
        }
        source.endOfStream();
        if (buffer.buffered.length) video.currentTime = buffer.buffered.start(0);
      } catch (error) {
        fail(error);
      }
    });
  });
}

/** Runs `prepare` on a video element and draws its first frame. */
async function withVideo(prepare) {
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, crossOrigin: 'anonymous' });
  try {
    await new Promise((resolve, reject) => {
      video.addEventListener('loadeddata', resolve, { once: true });
      video.addEventListener('error', () => reject(video.error), { once: true });
      setTimeout(() => reject(new Error('timeout')), TIMEOUT_MS);
      prepare(video, reject);
    });
    if (video.seeking) await new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    return await picture(video, video.videoWidth, video.videoHeight);
  } finally {
    video.removeAttribute('src');
    video.load();
  }
}

async function loadImage(url) {
  const image = Object.assign(new Image(), { crossOrigin: 'anonymous', src: url });
  await image.decode();
  return image;
}

/** A small JPEG of what `source` shows. */
function picture(source, width = source.naturalWidth, height = source.naturalHeight) {
  if (!width || !height) return null;
  const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: Math.round((WIDTH * height) / width) });
  canvas.getContext('2d').drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8));
}

async function text(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

async function bytes(url, range) {
  const response = await fetch(url, range ? { headers: { range } } : {});
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.arrayBuffer();
}

async function fromCache(key) {
  try {
    const response = await (await caches.open(CACHE)).match(key);
    return response && URL.createObjectURL(await response.blob());
  } catch {
    // No Cache API here: plain http off loopback. Posters are then made anew.
    return null;
  }
}

async function toCache(key, blob) {
  try {
    await (await caches.open(CACHE)).put(key, new Response(blob));
  } catch {
    // As above.
  }
}
