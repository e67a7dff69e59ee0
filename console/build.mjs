// Bundles the console into dist/: one small entry, and each player in a chunk of its own that is fetched when it is used.
//
//   node build.mjs            build once
//   node build.mjs --watch    build again at every change

import { context } from 'esbuild';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

/** Own code, players not counted; the page must be there at once on a slow line too. */
const BUDGET_BYTES = 60_000;

const options = {
  entryPoints: { main: 'src/main.jsx', style: 'src/style/index.css' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2020'],
  minify: true,
  sourcemap: false,
  legalComments: 'linked',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  chunkNames: 'part-[name]-[hash]',
  loader: { '.svg': 'text' },
  metafile: true,
  logLevel: 'warning',
};

/** Gzipped size of the files that hold none of the players' code. */
async function ownSize(metafile) {
  let total = 0;
  for (const [path, output] of Object.entries(metafile.outputs)) {
    const players = Object.keys(output.inputs).some((input) => /node_modules\/(?!preact)/.test(input));
    if (!players && /\.(js|css)$/.test(path)) total += gzipSync(await readFile(path)).length;
  }
  return total;
}

async function finish(result) {
  await cp('src/index.html', 'dist/index.html');
  await cp('src/favicon.svg', 'dist/favicon.svg');
  const size = await ownSize(result.metafile);
  if (size > BUDGET_BYTES) throw new Error(`the console's own code is ${size} bytes gzipped, over ${BUDGET_BYTES}`);
  return size;
}

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });
const builder = await context(options);
const size = await finish(await builder.rebuild());
const files = (await readdir('dist')).length;
console.log(`console: ${files} files, own code ${(size / 1000).toFixed(1)} kB gzipped`);
if (process.argv.includes('--watch')) {
  await builder.watch();
} else {
  await builder.dispose();
}
