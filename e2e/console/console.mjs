// The console as its users meet it, from the wrong key to playback in every protocol.
//
//   node console.mjs credentials.json video.mp4
//
// Exits with 0 when everything held, else says what did not.

import assert from 'node:assert/strict';
import { openConsole, PATIENCE_MS, playFor, signIn, sizeOf, startUpload } from './page.mjs';

const [credentialsFile, video] = process.argv.slice(2);
const { credentials, launched, page, errors, url } = await openConsole(credentialsFile);

/** Blocks that reach the server before the page is reloaded. */
const BLOCKS_BEFORE_RELOAD = 3;

async function wrongKeyOpensNothing() {
  await signIn(page, 'not-the-key');
  await page.getByRole('alert').getByText('was not accepted').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Library' }).count(), 0, 'a wrong key shows no library');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('millrace.session')), null, 'and is not kept');
}

async function keyOpensTheLibrary() {
  await signIn(page, credentials.apiKey);
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem('millrace.session')), null, 'the key is kept for this tab only');
}

/** Lets some blocks through, holds the others, reloads; what arrived must not be sent again. */
async function uploadSurvivesAReload() {
  const sent = [];
  let arrived = 0;
  let hold = true;
  const enough = deferred();
  await page.route(/[?&]comp=block(&|$)/, async (route) => {
    if (route.request().method() !== 'PUT') return route.continue();
    const block = new URL(route.request().url()).searchParams.get('blockid');
    // Held until the reload ends them.
    if (hold && sent.length >= BLOCKS_BEFORE_RELOAD) return undefined;
    sent.push(block);
    const response = await route.fetch();
    arrived += 1;
    await route.fulfill({ response });
    if (arrived === BLOCKS_BEFORE_RELOAD) enough.resolve();
    return undefined;
  });
  await startUpload(page, video);
  await enough.promise;
  const before = [...sent];
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  hold = false;

  const row = page.locator('.upload');
  await row.getByText('Choose the same file to continue').waitFor();
  await row.locator('input[type=file]').setInputFiles(credentialsFile);
  await row.getByText('another size').waitFor();
  await row.locator('input[type=file]').setInputFiles(video);
  await page.locator('.upload.done').waitFor();
  const after = sent.slice(before.length);
  assert.ok(after.length > 0, 'the reload came in the middle');
  assert.deepEqual(after.filter((block) => before.includes(block)), [], 'no block that had arrived was sent again');
  assert.equal(new Set(sent).size, sent.length);
  await page.unroute(/[?&]comp=block(&|$)/);
}

async function encodesAndPublishes() {
  await page.locator('.upload.done').getByRole('link', { name: 'Open the title' }).click();
  const asset = decodeURIComponent(new URL(page.url()).hash.split('/').pop());
  assert.match(asset, /-out$/);
  const source = asset.replace(/-out$/, '');
  await page.goto(`${url}#/jobs/AdaptiveStreaming/${source}`);
  const job = page.locator(`.job[data-job="${source}"]`);
  await page.waitForFunction((name) => ['Finished', 'Error', 'Canceled'].includes(document.querySelector(`.job[data-job="${name}"]`)?.dataset.state), source);
  assert.equal(await job.getAttribute('data-state'), 'Finished', await job.innerText());
  await job.getByRole('link', { name: asset }).click();
  await page.locator('video').waitFor();
  return { asset, source };
}

async function playsEveryProtocol() {
  const protocols = [['hls-cmaf', 'HLS CMAF'], ['hls-ts', 'HLS TS'], ['dash', 'DASH CMAF'], ['smooth', 'Smooth']];
  for (const [id, label] of protocols) {
    await page.getByRole('radio', { name: label.replace(' ', '') }).or(page.getByRole('radio', { name: label })).first().check();
    await page.locator(`.player[data-stream="${id}"]`).waitFor();
    // The players start where the last one stopped; each has most of the title before it.
    await page.waitForFunction(() => document.querySelector('video').readyState >= 2);
    await page.evaluate(() => (document.querySelector('video').currentTime = 0));
    const { seconds, frames, width } = await playFor(page, 3000);
    assert.ok(seconds > 1.5, `${label}: only ${seconds.toFixed(2)} s of 3 s went by; ${await problems()}`);
    assert.ok(frames > 10 && width > 0, `${label}: ${frames} frames, ${width} wide`);
    await page.waitForFunction(() => /^\d+×\d+$/.test(document.querySelector('[data-fact=picture]')?.textContent));
    await page.waitForFunction(() => /bit\/s$/.test(document.querySelector('[data-fact=bitrate]')?.textContent));
  }
}

async function qualityIsChosenByHand() {
  await page.getByRole('radio', { name: /HLS ?CMAF/ }).check();
  await page.locator('.player[data-stream="hls-cmaf"]').waitFor();
  const quality = page.getByLabel('Quality');
  await page.waitForFunction(() => [...document.querySelectorAll('.pair select')].at(-1).options.length > 2);
  const last = (await quality.locator('option').count()) - 2;
  await quality.selectOption(String(last));
  await playFor(page, 500);
  const smallest = await quality.locator('option').last().innerText();
  const lines = Number(/^(\d+)p/.exec(smallest)[1]);
  await page.waitForFunction((height) => document.querySelector('video').videoHeight === height, lines);
}

const problems = async () => (await page.getByRole('alert').allInnerTexts()).join(' ') || 'no error is shown';

async function addressesAreRight(asset) {
  const addresses = await page.locator('.urls code').allInnerTexts();
  assert.ok(addresses.some((text) => text.endsWith('manifest(format=m3u8-cmaf)')), addresses.join('\n'));
  for (const address of addresses) assert.equal((await fetch(address)).status, 200, `${asset}: ${address}`);
}

/** An unpublished title plays nowhere. */
async function unpublishes() {
  const [address] = await page.locator('.urls code').allInnerTexts();
  await page.getByRole('button', { name: 'Unpublish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unpublish' }).click();
  await page.getByText('Publish it to play it here').waitFor();
  assert.equal((await fetch(address)).ok, false, 'an unpublished address no longer answers');
}

async function deletes(asset) {
  await page.goto(`${url}#/assets/${asset}`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('heading', { name: 'Library' }).waitFor();
}

async function inLibrary(name, there) {
  await page.goto(`${url}#/`);
  await page.getByRole('searchbox').fill(name);
  await page.waitForFunction(([text, wanted]) => [...document.querySelectorAll('a.asset')].some((card) => card.getAttribute('href').endsWith(`/${text}`)) === wanted && !document.querySelector('.ghost'), [name, there]);
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

const steps = async () => {
  assert.ok((await sizeOf(video)) > 1_500_000, 'the video has enough blocks for a reload in the middle');
  await wrongKeyOpensNothing();
  await keyOpensTheLibrary();
  await uploadSurvivesAReload();
  const { asset, source } = await encodesAndPublishes();
  await inLibrary(asset, true);
  await page.goto(`${url}#/assets/${asset}`);
  await playsEveryProtocol();
  await qualityIsChosenByHand();
  await addressesAreRight(asset);
  await unpublishes();
  await inLibrary(source, true);
  for (const name of [asset, source]) {
    await deletes(name);
    await inLibrary(name, false);
  }
  assert.deepEqual(errors, [], 'the page threw nothing');
};

const limit = setTimeout(() => { console.error('it took too long'); process.exit(1); }, 4 * PATIENCE_MS);
try {
  await steps();
} catch (error) {
  console.error(error.stack, `\nAt ${page.url()}: ${await problems().catch(() => '')} ${errors.join(' ')}`);
  process.exitCode = 1;
} finally {
  clearTimeout(limit);
  await launched.close();
}
