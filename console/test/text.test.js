import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, bitrate, bytes, duration, lines, remaining } from '../src/format.js';
import { assetFilter, query, quote } from '../src/odata.js';

import { link, parse } from '../src/route.js';
import { extent, keyFrames } from '../src/playlist.js';

const table = (act, rows) => rows.forEach(([input, expected]) => assert.equal(act(input), expected, `${input}`));

test('durations', () => table(duration, [[0, '0:00'], [5.9, '0:05'], [59.9999999, '1:00'], [61, '1:01'], [3599, '59:59'], [3600, '1:00:00'], [36_061, '10:01:01'], [NaN, '–'], [Infinity, '–'], [-1, '–']]));

test('remaining times are coarse', () => table(remaining, [[3, 'a few seconds left'], [34, 'about 40 s left'], [59, 'about 1 min left'], [61, 'about 2 min left'], [5400, 'about 1 h 30 min left'], [7195, 'about 2 h left'], [Infinity, '']]));

test('bytes', () => table(bytes, [[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [57_787_226, '57.8 MB'], [999_600, '1.0 MB'], [123_456_789, '123 MB'], [26e10, '260 GB'], [NaN, '–']]));

test('bitrates and lines', () => {
  table(bitrate, [[330_000, '330 kbit/s'], [3_400_000, '3.4 Mbit/s'], [999_900, '1.0 Mbit/s'], [0, '–']]);
  assert.equal(lines(1920, 1080), '1080p');
  assert.equal(lines(1080, 1920), '1080p');
  assert.equal(lines(undefined, undefined), 'audio');
});

test('times ago', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  const check = (iso, expected) => assert.equal(ago(iso, now), expected);
  check('2026-11-22T11:59:30Z', 'just now');
  check('2026-11-22T11:30:00Z', '30 min ago');
  check('2026-11-22T02:00:00Z', '10 h ago');
  check('2026-11-21T12:00:00Z', '1 day ago');
  check('2026-11-19T12:00:00Z', '3 days ago');
  check('soon', '–');
});

test('quotes in filters are doubled, so a name cannot end its literal', () => {
  assert.equal(quote("it's"), "'it''s'");
  assert.equal(assetFilter("a' or name ne '"), "name ge 'a'' or name ne ''' and name lt 'a'' or name ne ''\uffff'");
});

test('the search field finds by beginning, or by id', () => {
  assert.equal(assetFilter('  '), undefined);
  assert.equal(assetFilter(' film '), "name ge 'film' and name lt 'film\uffff'");
  assert.equal(assetFilter('1936D65A-aadd-4d85-9c89-4d774e2313a5'), "properties/assetId eq '1936D65A-aadd-4d85-9c89-4d774e2313a5'");
});

test('query strings', () => assert.equal(query({ 'api-version': '1', $filter: "name eq 'a b&c'", $top: undefined, $orderby: '' }), "api-version=1&$filter=name%20eq%20'a%20b%26c'"));

test('a playlist tells how far it goes, and whether it goes on', () => {
  const list = '#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF:6.000,\na.m4s\n#EXTINF:2.5,\nb.m4s\n';
  assert.deepEqual(extent(list), { growing: true, seconds: 8.5 });
  assert.deepEqual(extent(`${list}#EXT-X-ENDLIST\n`), { growing: false, seconds: 8.5 });
});

test('I-frame playlists, with and without byte ranges', () => {
  assert.deepEqual(keyFrames('#EXTINF:2,\na-i.m4s\n#EXTINF:2,\nb-i.m4s\n'), [{ uri: 'a-i.m4s', range: undefined }, { uri: 'b-i.m4s', range: undefined }]);
  assert.deepEqual(keyFrames('#EXT-X-BYTERANGE:10@100\nx.mp4\n#EXT-X-BYTERANGE:5\nx.mp4'), [{ uri: 'x.mp4', range: 'bytes=100-109' }, { uri: 'x.mp4', range: 'bytes=110-114' }]);
});

test('addresses take any name', () => {
  for (const name of ['a', 'a b', 'ü', 'x%2Fy', '#']) assert.deepEqual(parse(link('assets', name)), ['assets', name]);
  assert.deepEqual(parse(''), []);
  assert.deepEqual(parse('#/assets/%zz'), ['assets', '%zz']);
});
