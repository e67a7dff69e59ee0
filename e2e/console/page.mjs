// The console in headless Chromium: opening it, signing in, uploading, playing. Shared by the test and the screenshots.

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { browser } from '../playback/play.mjs';

/** An upload of a few megabytes, an encoding of seconds: this is for a machine that does other things too. */
export const PATIENCE_MS = 120_000;

/** A browser on the console of the server whose credentials.json this is. Whatever the page logs as an error is kept. */
export async function openConsole(credentialsFile, options = {}) {
  const credentials = JSON.parse(await readFile(credentialsFile, 'utf8'));
  const launched = await browser();
  const context = await launched.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const url = `${credentials.endpoints.http}/console/`;
  await page.goto(url);
  return { credentials, launched, page, errors, url };
}

export async function signIn(page, key) {
  await page.getByLabel('API key apiKey').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Chooses a file in the upload dialog and starts. */
export async function startUpload(page, file) {
  await page.getByRole('banner').getByRole('button', { name: 'Upload' }).click();
  const dialog = page.getByRole('dialog', { name: 'Upload' });
  await dialog.locator('input[type=file]').setInputFiles(file);
  await dialog.getByText(basename(file)).waitFor();
  await dialog.getByRole('contentinfo').or(dialog.locator('footer')).getByRole('button', { name: 'Upload' }).click();
}

/** Starts the player muted (no gesture is needed then) and returns how far it got in `ms`. */
export async function playFor(page, ms) {
  await page.waitForFunction(() => document.querySelector('video')?.readyState >= 2);
  return page.evaluate(async (length) => {
    const video = document.querySelector('video');
    video.muted = true;
    await video.play();
    const from = video.currentTime;
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    await new Promise((done) => setTimeout(done, length));
    return { seconds: video.currentTime - from, frames: video.getVideoPlaybackQuality().totalVideoFrames - frames, width: video.videoWidth };
  }, ms);
}

export const sizeOf = async (file) => (await stat(file)).size;
