// How a file is cut into blocks, and what is left to send. Pure.

export const MIB = 1024 * 1024;
/** Small enough to send again cheaply, large enough that the requests do not count. */
const BLOCK = 8 * MIB;
/** Small files are cut too, so that their progress moves and a reload costs little. */
const SMALLEST_BLOCK = MIB / 4;
const BLOCKS_OF_A_SMALL_FILE = 16;
/** Blocks of one blob (Azure Blob). */
export const MAX_BLOCKS = 50_000;

/** The block size for a file: a function of its size alone, so a resumed upload cuts at the same places. */
export function blockSize(size) {
  if (size > BLOCK * MAX_BLOCKS) return Math.ceil(size / MAX_BLOCKS / MIB) * MIB;
  const small = Math.ceil(size / BLOCKS_OF_A_SMALL_FILE / SMALLEST_BLOCK) * SMALLEST_BLOCK;
  return Math.min(BLOCK, Math.max(SMALLEST_BLOCK, small));
}

/** All blocks of a file: [{index, start, end}]. */
export function blocks(size) {
  const step = blockSize(size);
  const count = Math.ceil(size / step);
  return Array.from({ length: count }, (_, index) => ({ index, start: index * step, end: Math.min(size, (index + 1) * step) }));
}

/** Ids of one blob must have the same length (Put Block, "blockid"). */
export function blockId(index) {
  return btoa(String(index).padStart(8, '0'));
}

/** The blocks that `held` (Map of id to size) lacks. One of another size is sent again: it is another file's. */
export function missing(size, held) {
  return blocks(size).filter(({ index, start, end }) => held.get(blockId(index)) !== end - start);
}

/** The body of Put Block List for `count` blocks. */
export function blockListXml(count) {
  const list = Array.from({ length: count }, (_, index) => `<Latest>${blockId(index)}</Latest>`).join('');
  return `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`;
}

/** Whether a file chosen after a reload is the one whose upload was begun; otherwise why not. */
export function sameFile(file, upload) {
  if (file.size === upload.size && file.lastModified === upload.lastModified) return { same: true };
  if (file.size !== upload.size) return { same: false, why: `“${file.name}” has another size than “${upload.fileName}”, so it cannot continue that upload.` };
  return { same: false, why: `“${file.name}” was changed since the upload of “${upload.fileName}” began.` };
}

/** A readable asset name that the API accepts, with `unique` behind it so that two uploads of one file do not meet. */
export function assetName(fileName, unique) {
  const stem = fileName.replace(/\.[^.]*$/, '').normalize('NFKD').toLowerCase();
  const safe = stem.replace(/[\u0300-\u036f]/g, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '');
  return `${safe || 'upload'}-${unique}`;
}

/** Blob names keep the file's own name, but for what a path could be read from. */
export function blobName(fileName) {
  const name = fileName.split(/[\\/]/).pop().replace(/[\u0000-\u001f\u007f]/g, '').replace(/^[._]+/, '').replace(/\.+$/, '');
  return name || 'upload';
}

/** Pause before the nth repetition: doubling to half a minute, spread so that parallel blocks do not return together. */
export function backOffMs(attempt, random) {
  return Math.min(30_000, 500 * 2 ** (attempt - 1)) * (0.5 + random / 2);
}

/** Speed over the last seconds, from (time, bytes) marks. */
export class Meter {
  constructor(windowMs = 8000) {
    this.windowMs = windowMs;
    this.marks = [];
  }

  mark(now, bytes) {
    this.marks.push({ now, bytes });
    // One mark before the window stays, so that a stall is measured and not forgotten.
    while (this.marks.length > 2 && this.marks[1].now < now - this.windowMs) this.marks.shift();
  }

  /** Bytes per second; 0 until there are two marks. */
  speed() {
    const [first, last] = [this.marks[0], this.marks[this.marks.length - 1]];
    const seconds = first ? (last.now - first.now) / 1000 : 0;
    return seconds > 0 ? Math.max(0, last.bytes - first.bytes) / seconds : 0;
  }

  /** Seconds until `total`; Infinity while nothing moves. */
  left(total) {
    const last = this.marks[this.marks.length - 1];
    const speed = this.speed();
    return last && speed > 0 ? (total - last.bytes) / speed : Infinity;
  }
}
