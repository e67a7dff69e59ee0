import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetName, backOffMs, blobName, blockId, blockListXml, blocks, blockSize, MAX_BLOCKS, Meter, MIB, missing, sameFile } from '../src/upload/plan.js';

const GIB = 1024 * MIB;

test('blocks cover a file without gap or overlap, whatever its size', () => {
  for (const size of [1, MIB / 4, MIB / 4 + 1, 3 * MIB, 8 * MIB, 200 * MIB + 7, 5 * GIB + 1]) {
    const plan = blocks(size);
    assert.equal(plan[0].start, 0);
    assert.equal(plan.at(-1).end, size);
    plan.slice(1).forEach((block, index) => assert.equal(block.start, plan[index].end));
    assert.ok(plan.every(({ start, end }) => end > start && end - start <= blockSize(size)), `${size}`);
  }
  assert.deepEqual(blocks(0), []);
});

test('large files have 8 MiB blocks, small ones several, giant ones no more than a blob may have', () => {
  assert.equal(blockSize(GIB), 8 * MIB);
  assert.equal(blockSize(2 * MIB), MIB / 4);
  assert.ok(blocks(3 * MIB).length > 8);
  for (const size of [390 * GIB, 400 * GIB, 4096 * GIB]) assert.ok(Math.ceil(size / blockSize(size)) <= MAX_BLOCKS, `${size}`);
});

test('a resumed upload sends what is missing and what has the wrong size', () => {
  const size = 10 * MIB;
  const all = blocks(size);
  const held = new Map(all.slice(0, 5).map(({ index, start, end }) => [blockId(index), end - start]));
  assert.deepEqual(missing(size, held).map(({ index }) => index), all.slice(5).map(({ index }) => index));
  held.set(blockId(2), 17);
  assert.deepEqual(missing(size, held)[0].index, 2);
  assert.deepEqual(missing(size, new Map()), all);
  held.set('foreign', 1);
  assert.equal(missing(size, held).length, all.length - 4);
});

test('block ids have one length and keep their order in the list', () => {
  assert.equal(new Set([0, 9, 10, 49_999].map((index) => blockId(index).length)).size, 1);
  assert.equal(blockId(0), 'MDAwMDAwMDA=');
  const xml = blockListXml(3);
  assert.deepEqual([...xml.matchAll(/<Latest>(.*?)<\/Latest>/g)].map(([, id]) => atob(id)), ['00000000', '00000001', '00000002']);
});

test('another file cannot continue an upload', () => {
  const upload = { fileName: 'film.mp4', size: 10, lastModified: 5 };
  assert.deepEqual(sameFile({ name: 'copy.mp4', size: 10, lastModified: 5 }, upload), { same: true });
  assert.match(sameFile({ name: 'film.mp4', size: 11, lastModified: 5 }, upload).why, /another size/);
  assert.match(sameFile({ name: 'film.mp4', size: 10, lastModified: 6 }, upload).why, /was changed/);
});

test('asset names are accepted by the API for any file', () => {
  const check = (file, expected) => assert.equal(assetName(file, 'abc123'), expected);
  check('My Film (final).mp4', 'my-film-final-abc123');
  check('../../etc/passwd', 'upload-abc123');
  check('Übung №5.mov', 'ubung-no5-abc123');
  check('映画.mp4', 'upload-abc123');
  check(`${'x'.repeat(300)}.mp4`, `${'x'.repeat(40)}-abc123`);
});

test('blob names keep the file name but cannot be paths', () => {
  assert.equal(blobName('a b#?.mp4'), 'a b#?.mp4');
  assert.equal(blobName('../x/../_millrace'), 'millrace');
  assert.equal(blobName('..'), 'upload');
});

test('pauses double, are spread, and end at half a minute', () => {
  assert.equal(backOffMs(1, 1), 500);
  assert.equal(backOffMs(3, 1), 2000);
  assert.equal(backOffMs(1, 0), 250);
  assert.equal(backOffMs(50, 1), 30_000);
});

test('speed is that of the last seconds, and a stall is seen', () => {
  const meter = new Meter(8000);
  assert.equal(meter.speed(), 0);
  assert.equal(meter.left(10), Infinity);
  for (let second = 0; second <= 20; second += 1) meter.mark(second * 1000, second * 1000);
  assert.equal(meter.speed(), 1000);
  assert.equal(meter.left(30_000), 10);
  for (let second = 21; second <= 40; second += 1) meter.mark(second * 1000, 20_000);
  assert.equal(meter.speed(), 0);
});
