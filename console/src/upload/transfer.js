// Sends one file as blocks: several at a time, each again until it arrives, continuing where an earlier try stopped.

import { BlobError, blobSize, putBlock, putBlockList, uncommittedBlocks } from '../blob.js';
import { backOffMs, blocks, missing } from './plan.js';

/** Blocks on their way at a time; memory is this many blocks. */
const PARALLEL = 4;
/** Sends of one block before the upload pauses and says why. */
const ATTEMPTS = 6;

/**
 * Returns when the blob is whole. Can be called again after any failure, for the same file.
 *
 * @param {object} work
 * @param {File} work.file
 * @param {string} work.name of the blob
 * @param {(fresh: boolean) => Promise<string>} work.sas a container SAS; `fresh` when the last one was refused
 * @param {AbortSignal} work.signal
 * @param {boolean} work.resumed whether some of it may be there already
 * @param {(bytes: number) => void} work.onProgress bytes that have arrived or are on the line
 * @param {(why: string | null) => void} work.onTrouble a failure that is being repeated, null when it is over
 */
export async function transfer({ file, name, sas, signal, resumed, onProgress, onTrouble }) {
  const attempt = (act) => persist(act, { sas, signal, onTrouble });
  if (resumed && (await attempt((url) => blobSize(url, name))) === file.size) return;
  const held = resumed ? await attempt((url) => uncommittedBlocks(url, name, signal)) : new Map();
  const queue = missing(file.size, held);
  const flying = new Map();
  let arrived = file.size - queue.reduce((sum, block) => sum + block.end - block.start, 0);
  const report = () => onProgress(arrived + [...flying.values()].reduce((sum, bytes) => sum + bytes, 0));
  report();

  const send = async ({ index, start, end }) => {
    const bytes = await read(file, start, end);
    const progress = (sent) => {
      flying.set(index, Math.min(sent, end - start));
      report();
    };
    await attempt((url) => putBlock(url, name, index, bytes, { signal, onProgress: progress }).finally(() => flying.delete(index)));
    arrived += end - start;
    report();
  };
  const worker = async () => {
    for (let block = queue.shift(); block; block = queue.shift()) await send(block);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  await attempt((url) => putBlockList(url, name, blocks(file.size).length, file.type, signal));
}

/** The bytes of a slice. A file that was changed or unmounted since it was chosen cannot be read any more. */
async function read(file, start, end) {
  try {
    return await file.slice(start, end).arrayBuffer();
  } catch {
    throw new Error(`“${file.name}” can no longer be read. If it was moved or changed, choose it again.`);
  }
}

/** Repeats what failed for a passing reason: the line, a busy server, a permission that ran out. */
async function persist(act, { sas, signal, onTrouble }) {
  let fresh = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await act(await sas(fresh));
      if (attempt > 1) onTrouble(null);
      return result;
    } catch (error) {
      if (signal.aborted || !passing(error) || attempt === ATTEMPTS) throw error;
      fresh = error.status === 403;
      onTrouble(navigator.onLine ? error.message : 'The network is down; waiting for it.');
      await pause(backOffMs(attempt, Math.random()), signal);
    }
  }
}

function passing(error) {
  if (!(error instanceof BlobError) && error.name !== 'ApiError') return false;
  return [0, 403, 408, 429].includes(error.status) || (error.status >= 500 && error.status !== 507);
}

/** Waits, and while the network is known to be down waits for it instead. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const stop = () => {
      done();
      reject(new DOMException('aborted', 'AbortError'));
    };
    const timer = navigator.onLine ? setTimeout(done, ms) : undefined;
    addEventListener('online', done);
    signal.addEventListener('abort', stop);
  });
}
