// The uploads of this browser: one file at a time, each from its first block to a submitted job and a locator.
//
// Every step can be repeated, and what is done is kept on the server, so after a crash or reload the step is simply
// done again: blocks that arrived are found there, and a job or locator that exists is taken as it is.

import { Observable } from '../observe.js';
import { ensureTransform, outputAssets, submit } from '../work.js';
import { publish } from '../locators.js';
import * as store from './store.js';
import { transfer } from './transfer.js';
import { assetName, blobName, Meter, sameFile } from './plan.js';

/** Files that may wait; each is a row on the screen and a record on disk. */
const MAX_UPLOADS = 100;
/** How often the record of a running upload is written, for the bar that is shown after a reload. */
const SAVE_EVERY_MS = 2000;
/** How long an upload permission is asked for; it is renewed an hour before its end. */
const SAS_HOURS = 12;

/**
 * What is known of an upload. `state`:
 * waiting (its turn comes), sending, working (making asset, job, locator), paused, needs-file (after a reload), failed, done.
 */
export class Uploads extends Observable {
  constructor(api, account) {
    super();
    this.api = api;
    this.account = account;
    this.list = [];
    this.running = null;
  }

  /** Takes up what an earlier visit left. */
  async restore() {
    const records = await store.all(this.account);
    // What another tab is busy with is left to it.
    const taken = await store.claimed(records.map(({ id }) => id));
    const known = new Set(this.list.map((upload) => upload.id));
    const left = records.filter(({ id }) => !known.has(id) && !taken.has(id));
    this.list.push(...left.map((record) => ({ ...record, state: record.stage === 'submit' ? 'waiting' : 'needs-file', resumed: true })));
    this.changed();
    this.next();
  }

  /** @param {{file: File, handle?: FileSystemFileHandle}[]} files @param {{transform: string | null, publish: boolean}} choice */
  add(files, choice) {
    for (const { file, handle } of files.slice(0, MAX_UPLOADS - this.list.length)) {
      const unique = crypto.getRandomValues(new Uint32Array(1))[0].toString(36).padStart(7, '0').slice(-6);
      const upload = {
        id: `${Date.now()}-${unique}`, account: this.account, asset: assetName(file.name, unique), blob: blobName(file.name),
        fileName: file.name, size: file.size, lastModified: file.lastModified, type: file.type,
        transform: choice.transform, publish: choice.publish, sent: 0, stage: 'upload', created: Date.now(), handle,
        file, state: 'waiting', resumed: false,
      };
      if (file.size === 0) Object.assign(upload, { state: 'failed', error: `“${file.name}” is empty.` });
      this.list.push(upload);
      this.save(upload);
    }
    this.changed();
    this.next();
  }

  pause(upload) {
    upload.state = 'paused';
    upload.stop?.abort();
    this.changed();
  }

  /** Goes on; after a reload with the file that the user chose again, or the one behind the kept handle. */
  async resume(upload, chosen) {
    upload.error = null;
    if (chosen) {
      const check = sameFile(chosen, upload);
      if (!check.same) {
        upload.error = check.why;
        return this.changed();
      }
      upload.file = chosen;
    }
    if (!upload.file && upload.stage === 'upload') upload.file = await fileOf(upload);
    const ready = upload.file || upload.stage === 'submit';
    upload.state = ready ? 'waiting' : 'needs-file';
    if (!ready) upload.error = `Choose “${upload.fileName}” again to continue.`;
    upload.resumed = true;
    this.changed();
    this.next();
  }

  /** Gives up: what was sent is deleted with its asset. */
  async cancel(upload) {
    upload.state = 'cancelled';
    upload.stop?.abort();
    await this.forget(upload);
    await this.api.delete(`assets/${upload.asset}`).catch(() => {});
  }

  async forget(upload) {
    this.list = this.list.filter((other) => other !== upload);
    upload.release?.();
    this.changed();
    await store.remove(upload.id).catch(() => {});
  }

  /** Whether leaving the page would interrupt something. */
  get busy() {
    return this.list.some((upload) => upload.state === 'sending');
  }

  next() {
    if (this.running) return;
    const upload = this.list.find((candidate) => candidate.state === 'waiting');
    if (!upload) return;
    this.running = this.run(upload).finally(() => {
      this.running = null;
      this.next();
    });
  }

  async run(upload) {
    const stop = (upload.stop = new AbortController());
    upload.release ??= store.claim(upload.id);
    try {
      if (upload.stage === 'upload') await this.send(upload, stop.signal);
      upload.state = 'working';
      this.changed();
      await this.follow(upload);
      upload.state = 'done';
      await store.remove(upload.id).catch(() => {});
    } catch (error) {
      if (stop.signal.aborted) return;
      upload.state = 'failed';
      upload.error = error.message;
      // Nothing else may stop a later file: the row says what to do.
      this.save(upload);
    } finally {
      upload.trouble = null;
      this.changed();
    }
  }

  async send(upload, signal) {
    upload.state = 'sending';
    upload.meter = new Meter();
    this.changed();
    if (!(await this.api.find(`assets/${upload.asset}`))) await this.api.put(`assets/${upload.asset}`, { description: upload.fileName });
    let saved = Date.now();
    await transfer({
      file: upload.file, name: upload.blob, signal, resumed: upload.resumed,
      sas: (fresh) => this.sas(upload, fresh),
      onTrouble: (why) => {
        upload.trouble = why;
        this.changed();
      },
      onProgress: (sent) => {
        const now = Date.now();
        upload.sent = sent;
        upload.meter.mark(now, sent);
        if (now - saved > SAVE_EVERY_MS) {
          saved = now;
          this.save(upload);
        }
        this.changed();
      },
    });
    upload.sent = upload.size;
    upload.stage = 'submit';
    await this.save(upload);
  }

  /** Job and locator. The locator is made at once: the title plays while it is being encoded. */
  async follow(upload) {
    const { api } = this;
    upload.result = [upload.asset];
    if (upload.transform) {
      const transform = await ensureTransform(api, upload.transform);
      upload.result = await outputAssets(api, upload.asset, transform, upload.fileName);
      await submit(api, { transform: transform.name, name: upload.asset, input: upload.asset, outputs: upload.result });
    }
    if (upload.publish) for (const asset of upload.result) await publish(api, asset, {});
  }

  async sas(upload, fresh) {
    const now = Date.now();
    if (fresh || !upload.sasUrl || upload.sasUntil < now) {
      upload.sasUntil = now + (SAS_HOURS - 1) * 3_600_000;
      const expiryTime = new Date(now + SAS_HOURS * 3_600_000).toISOString();
      const answer = await this.api.post(`assets/${upload.asset}/listContainerSas`, { permissions: 'ReadWrite', expiryTime });
      upload.sasUrl = answer.assetContainerSasUrls[0];
    }
    return upload.sasUrl;
  }

  /** Writes the record; a browser that keeps nothing just cannot resume after a reload. */
  async save(upload) {
    const { id, account, asset, blob, fileName, size, lastModified, type, transform, publish: open, sent, stage, created, handle } = upload;
    await store
      .put({ id, account, asset, blob, fileName, size, lastModified, type, transform, publish: open, sent, stage, created, handle })
      .catch(() => {});
  }
}

/** The file behind a kept handle, if the browser has such a thing and the user allows it. */
async function fileOf({ handle, size, lastModified }) {
  try {
    if (!handle || (await handle.requestPermission({ mode: 'read' })) !== 'granted') return undefined;
    const file = await handle.getFile();
    return file.size === size && file.lastModified === lastModified ? file : undefined;
  } catch {
    return undefined;
  }
}
