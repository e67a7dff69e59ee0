// Plays manifests in headless Chromium with real players and reports what was seen.
//
//   node play.mjs '[{"player":"shaka","url":"http://…","seconds":3}]'
//
// Players: shaka, shaka4 (Smooth), hls, dash, dashmss (Smooth), native.
// Prints one JSON array, a result per request: {player, url, ok, why, width, height, from, to, frames,
// dropped, languages, errors}. The exit code says only whether the harness itself worked.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const modules = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');
const LIBRARIES = {
  shaka: ['shaka-player/dist/shaka-player.compiled.js'],
  shaka4: ['codem-isoboxer/dist/iso_boxer.js', 'shaka-player-4/dist/shaka-player.compiled.js'],
  hls: ['hls.js/dist/hls.min.js'],
  dash: ['dashjs/dist/legacy/umd/dash.all.min.js'],
  dashmss: ['dashjs/dist/legacy/umd/dash.all.min.js', 'dashjs/dist/legacy/umd/dash.mss.min.js'],
  native: [],
};
// A software decoder on two busy cores drops frames now and then; a broken stream drops most of them.
const DROPPED_SHARE = 0.2;
// What a busy machine may add to the seconds played; a stream that stalls for longer is broken.
const SLACK_MS = 15_000;
const START_TIMEOUT_MS = 30_000;

export function browser() {
  const path = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (candidate) => candidate && existsSync(candidate),
  );
  if (!path) throw new Error('no Chromium found: install the package chromium or set CHROMIUM');
  return chromium.launch({
    executablePath: path,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
      '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

export async function pageServer() {
  const server = createServer(async (request, response) => {
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      return response.end('<!doctype html><video id="video" crossorigin="anonymous" muted playsinline width="640"></video>');
    }
    try {
      response.setHeader('content-type', 'text/javascript');
      response.end(await readFile(join(modules, decodeURIComponent(request.url))));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

// Runs in the page.
async function start([player, url, begin]) {
  const video = document.getElementById('video');
  const errors = (window.errors = []);
  const note = (what) => errors.push(String(what).slice(0, 300));
  video.addEventListener('error', () => note(`media ${video.error?.code} ${video.error?.message}`));
  if (player.startsWith('shaka')) {
    shaka.polyfill.installAll();
    const instance = new shaka.Player();
    await instance.attach(video);
    window.instance = instance;
    instance.addEventListener('error', (event) => note(`shaka ${event.detail.code} ${JSON.stringify(event.detail.data)}`));
    const type = player === 'shaka4' ? 'application/vnd.ms-sstr+xml' : undefined;
    await instance.load(url, begin ?? null, type).catch((error) => note(`load ${error.code} ${JSON.stringify(error.data)}`));
  } else if (player === 'hls') {
    const instance = (window.instance = new Hls());
    instance.on(Hls.Events.ERROR, (_, data) => data.fatal && note(`hls ${data.type} ${data.details}`));
    instance.loadSource(url);
    instance.attachMedia(video);
  } else if (player.startsWith('dash')) {
    const instance = (window.instance = dashjs.MediaPlayer().create());
    instance.on('error', (event) => note(`dash ${JSON.stringify(event.error)}`));
    instance.initialize(video, url, true);
    // It starts by itself; played before it listens, it never looks again for what a growing title has more.
    return;
  } else {
    video.src = url;
  }
  video.play().catch((error) => error.name !== 'AbortError' && note(`play ${error}`));
}

// Runs in the page.
export function look() {
  const video = document.getElementById('video');
  const quality = video.getVideoPlaybackQuality();
  return {
    time: video.currentTime, width: video.videoWidth, height: video.videoHeight, ended: video.ended,
    frames: quality.totalVideoFrames, dropped: quality.droppedVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount, languages: window.instance?.getAudioTracks?.().map((track) => track.language).sort(), errors: window.errors ?? [],
  };
}

// Runs in the page: whether there is nothing more to wait for.
function reached(target) {
  const video = document.getElementById('video');
  return video.currentTime >= target || video.ended || window.errors?.length > 0;
}

// Runs in the page: how many different colours a coarse grid of the picture has; 1 is a blank picture.
function colours() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 16, height: 16 });
  const context = canvas.getContext('2d');
  context.drawImage(document.getElementById('video'), 0, 0, 16, 16);
  const pixels = context.getImageData(0, 0, 16, 16).data;
  return new Set(Array.from({ length: 256 }, (_, i) => `${pixels[4 * i]},${pixels[4 * i + 1]},${pixels[4 * i + 2]}`)).size;
}

// A page in which a player loads the manifest; Shaka begins at `begin`, if it is given.
export async function open(launched, base, player, url, begin) {
  const page = await launched.newPage();
  await page.goto(base);
  for (const library of LIBRARIES[player]) await page.addScriptTag({ url: `${base}${library}` });
  await page.evaluate(start, [player, url, begin]);
  return page;
}

async function play(launched, base, { player, url, seconds = 3, audioOnly = false, seek }) {
  const page = await open(launched, base, player, url);
  try {
    const playing = (state) => state.time > 0 && (audioOnly || (state.width > 0 && state.frames > 0));
    let from = await page.evaluate(look);
    for (const begin = Date.now(); !playing(from) && from.errors.length === 0 && Date.now() - begin < START_TIMEOUT_MS; ) {
      await page.waitForTimeout(100);
      from = await page.evaluate(look);
    }
    if (seek !== undefined) {
      await page.evaluate((to) => (document.getElementById('video').currentTime = to), seek);
      await page.waitForFunction((to) => document.getElementById('video').currentTime > to, seek, { timeout: START_TIMEOUT_MS }).catch(() => {});
      from = await page.evaluate(look);
    }
    const target = from.time + seconds;
    if (playing(from)) await page.waitForFunction(reached, target, { timeout: seconds * 1000 + SLACK_MS }).catch(() => {});
    const to = await page.evaluate(look);
    const blank = audioOnly ? 2 : await page.evaluate(colours);
    const frames = to.frames - from.frames;
    const dropped = to.dropped - from.dropped;
    const why =
      to.errors[0] ??
      (!playing(to) ? 'it never started' : null) ??
      (!to.ended && to.time < target ? `only ${(to.time - from.time).toFixed(2)} s of ${seconds} s went by` : null) ??
      (!audioOnly && !to.ended && frames < 1 ? 'no frame was decoded' : null) ??
      (!audioOnly && dropped > Math.max(5, frames * DROPPED_SHARE) ? `${dropped} of ${frames} frames dropped` : null) ??
      (blank < 2 ? 'the picture is blank' : null);
    return {
      player, url, ok: why === null, why, width: to.width, height: to.height, from: from.time, to: to.time,
      frames, dropped, audioBytes: to.audioBytes, languages: to.languages, errors: to.errors,
    };
  } finally {
    await page.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const requests = JSON.parse(process.argv[2]);
  const [server, launched] = await Promise.all([pageServer(), browser()]);
  const base = `http://127.0.0.1:${server.address().port}/`;
  const results = [];
  for (const request of requests) results.push(await play(launched, base, request));
  await launched.close();
  server.close();
  console.log(JSON.stringify(results, null, 1));
}
