// Plays titles that are still being made in headless Chromium, while another process lets them grow.
//
//   node grow.mjs '[{"player":"shaka","url":"http://…","have":36,"total":96,"begin":0}]'
//
// All players run side by side. A line on standard output tells how far all of them are, and a line on standard
// input lets them go on:
//
//   > started      every player shows moving pictures
//   < grown        there is more than the `have` seconds of before: each seeks to just before that end and plays over it
//   > followed     every player did so
//   < complete     the title is finished: each waits until it knows, then plays the last seconds
//   > [{player, url, ok, why, first, range, followed, duration, ended, errors}, …]
//
// A player that fails a step is out; `why` says what it was. The exit code says only whether the harness worked.

import { createInterface } from 'node:readline';
import { browser, look, open, pageServer } from './play.mjs';

const PATIENCE_MS = 60_000;
// Where a player joins again before the end that it knew, and how far beyond that end it has to come, in seconds.
const BEFORE_EDGE = 5;
const BEYOND_EDGE = 1;
// How much of the end is played, and how far lengths may differ: players round, and sound is padded to whole frames.
const LAST = 3;
const TOLERANCE = 0.3;

// Runs in the page: what a viewer could know of the title's length, and what was played.
function facts() {
  const video = document.getElementById('video');
  const ranges = (list) => Array.from({ length: list.length }, (_, i) => [list.start(i), list.end(i)]);
  const { instance } = window;
  let live = video.duration === Infinity;
  let { duration } = video;
  let range = ranges(video.seekable).at(-1) ?? [0, 0];
  if (instance?.seekRange) {
    live = instance.isLive() || instance.isInProgress?.() === true;
    range = [instance.seekRange().start, instance.seekRange().end];
    if (!live) [, duration] = range;
  } else if (instance?.levels) {
    const details = instance.latestLevelDetails ?? instance.levels[instance.currentLevel]?.details;
    live = details?.live ?? true;
    range = [details?.fragmentStart ?? 0, details?.edge ?? 0];
  } else if (instance?.isDynamic) {
    live = instance.isDynamic();
    if (live) range = [instance.getDvrWindow()?.start ?? 0, instance.getDvrWindow()?.end ?? 0];
  }
  return {
    live, range, duration, element: video.duration, ended: video.ended, time: video.currentTime, played: ranges(video.played),
    errors: window.errors,
  };
}

async function until(page, what, patience, enough) {
  const begin = Date.now();
  for (;;) {
    const seen = { ...(await page.evaluate(facts)), ...(await page.evaluate(look)) };
    if (seen.errors.length > 0) throw new Error(seen.errors[0]);
    if (await enough(seen)) return seen;
    if (Date.now() - begin > patience) throw new Error(`${what}: ${JSON.stringify(seen)}`);
    await page.waitForTimeout(100);
  }
}

const seek = (page, to) => page.evaluate((time) => void (document.getElementById('video').currentTime = time), to);

class Viewer {
  constructor({ player, url, have, total, begin, patience = PATIENCE_MS }) {
    this.result = { player, url, ok: false, why: null };
    this.have = have;
    this.total = total;
    this.begin = begin;
    this.patience = patience;
  }

  async step(run) {
    if (this.result.why !== null) return;
    try {
      await run();
    } catch (error) {
      this.result.why = error.message;
    }
  }

  start = async (launched, base) => {
    const { player, url } = this.result;
    this.page = await open(launched, base, player, url, this.begin);
    const seen = await until(this.page, 'it never started', this.patience, (s) => s.played.length > 0 && s.time > s.played[0][0] + 0.5 && s.frames > 5);
    Object.assign(this.result, { first: seen.played[0][0], range: seen.range });
    if (this.result.first > TOLERANCE) throw new Error(`it began at ${this.result.first} s`);
    if (!seen.live) throw new Error('it takes a growing title for a finished one');
    if (seen.range[0] > TOLERANCE) throw new Error(`the beginning cannot be seen any more, only from ${seen.range[0]} s`);
  };

  follow = async () => {
    const from = this.have - BEFORE_EDGE;
    // Shaka keeps seekers away from the end of what grows.
    await until(this.page, 'it cannot go there', this.patience, (s) => s.range[1] > from);
    await seek(this.page, from);
    const seen = await until(this.page, 'it did not follow', this.patience, (s) => s.time > this.have + BEYOND_EDGE);
    this.result.followed = seen.played.at(-1);
    if (seen.played.at(-1)[0] > from + TOLERANCE) throw new Error(`it jumped: ${JSON.stringify(seen.played)} from ${from}`);
    if (!seen.live) throw new Error('it takes a growing title for a finished one');
  };

  end = async () => {
    const finished = (s) => !s.live && Math.abs(s.duration - this.total) < TOLERANCE;
    const { duration } = await until(this.page, 'it never saw the whole length', this.patience, finished);
    Object.assign(this.result, { duration });
    // Shaka leaves the media element as long as it was when the playlist's growth ended, until somebody gets there.
    let at = 0;
    await until(this.page, 'it cannot go to the end', this.patience, async ({ element }) => {
      const reached = Math.min(duration - LAST, element - TOLERANCE);
      if (reached > at) await seek(this.page, (at = reached));
      return at === duration - LAST;
    });
    const seen = await until(this.page, 'it did not reach the end', this.patience, (s) => s.ended || s.time > duration - TOLERANCE);
    if (seen.played.at(-1)[0] > duration - LAST + TOLERANCE) throw new Error(`it jumped at the end: ${JSON.stringify(seen.played)}`);
    Object.assign(this.result, { ended: seen.ended, errors: seen.errors, ok: true });
  };
}

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function told(word) {
  const { value } = await input.next();
  if (value !== word) throw new Error(`${word} was expected, not ${value}`);
}

const [server, launched] = await Promise.all([pageServer(), browser()]);
const base = `http://127.0.0.1:${server.address().port}/`;
const viewers = JSON.parse(process.argv[2]).map((request) => new Viewer(request));
const all = (step) => Promise.all(viewers.map((viewer) => viewer.step(() => step(viewer))));
await all((viewer) => viewer.start(launched, base));
console.log('started');
await told('grown');
await all((viewer) => viewer.follow());
console.log('followed');
await told('complete');
await all((viewer) => viewer.end());
await launched.close();
server.close();
input.return();
console.log(JSON.stringify(viewers.map((viewer) => viewer.result)));
process.exit(0);
