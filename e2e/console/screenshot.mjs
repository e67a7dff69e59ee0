// Takes the README's pictures of the console, from a real server with a title in it: docs/console.png and docs/console-dark.png.
//
//   node screenshot.mjs credentials.json video.mp4
//
// The video is uploaded and encoded through the page unless the library has a title of that name already.

import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConsole, playFor, signIn, startUpload } from './page.mjs';

const [credentialsFile, video] = process.argv.slice(2);
const docs = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs');
const title = basename(video);

async function openTitle(page, url) {
  const card = page.locator('a.asset', { hasText: title }).filter({ hasText: 'Published' }).first();
  await page.locator('a.asset, .empty').first().waitFor();
  // Whether a card is published is asked for after it is shown.
  await page.waitForFunction(() => !document.querySelector('.badge.wait'));
  if (!(await card.count())) {
    await startUpload(page, video);
    await page.locator('.upload.done').waitFor();
    await page.waitForFunction(() => !document.querySelector('.badge.busy'));
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.goto(`${url}#/`);
    await card.waitFor();
  }
  await card.click();
}

for (const [scheme, file] of [['light', 'console.png'], ['dark', 'console-dark.png']]) {
  const { credentials, launched, page, url } = await openConsole(credentialsFile, { colorScheme: scheme, reducedMotion: 'reduce' });
  await signIn(page, credentials.apiKey);
  await openTitle(page, url);
  await page.locator('video').waitFor();
  await playFor(page, 5000);
  await page.evaluate(() => document.querySelector('video').pause());
  // The moment's numbers, and no announcement over them.
  await page.waitForFunction(() => /bit\/s/.test(document.querySelector('[data-fact=bitrate]')?.textContent) && !document.querySelector('.saying'));
  await page.screenshot({ path: join(docs, file) });
  await launched.close();
}
