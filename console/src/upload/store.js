// Uploads that are not finished, kept over a reload. IndexedDB, because it alone can keep a handle on the file.

const NAME = 'millrace-uploads';
const TABLE = 'uploads';

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode);
      const request = act(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** A record: {id, account, asset, blob, fileName, size, lastModified, type, transform, publish, sent, stage, created, handle?}. */
export const put = (record) => run('readwrite', (table) => table.put(record));
export const remove = (id) => run('readwrite', (table) => table.delete(id));

/** All records of an account, oldest first; none where the browser keeps nothing (private windows). */
export async function all(account) {
  try {
    const records = await run('readonly', (table) => table.getAll());
    return records.filter((record) => record.account === account).sort((a, b) => a.created - b.created);
  } catch {
    return [];
  }
}

const lock = (id) => `millrace-upload-${id}`;

/** Marks an upload as this tab's for as long as the tab lives or until the returned function is called. */
export function claim(id) {
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  // Only secure contexts have locks; elsewhere two tabs must not resume the same upload by themselves, and none does.
  navigator.locks?.request(lock(id), { ifAvailable: true }, (got) => got && held).catch(() => {});
  return release;
}

/** Ids of uploads that a tab has claimed. */
export async function claimed(ids) {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const names = new Set(held.map(({ name }) => name));
  return new Set(ids.filter((id) => names.has(lock(id))));
}
