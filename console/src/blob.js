// The blob endpoint, called with a container SAS: what an upload and a look into an asset's container need of it.

import { blockId, blockListXml } from './upload/plan.js';

/** One block must not hang for ever on a dead line; slow lines still move 8 MiB in this time. */
const BLOCK_TIMEOUT_MS = 180_000;

/** What the blob endpoint refused; `status` 0 means that it was not reached. */
export class BlobError extends Error {
  constructor(status, code) {
    super(sentence(status, code));
    this.name = 'BlobError';
    this.status = status;
    this.code = code;
  }
}

function sentence(status, code) {
  if (status === 0) return 'The blob endpoint cannot be reached. If it uses the server’s own certificate, the browser must trust ca.pem from the data directory.';
  if (status === 403) return 'The upload permission has run out or was refused; try again.';
  if (status === 507) return 'The server’s disk is full. Make room there, then resume.';
  return `The blob endpoint answered ${status}${code ? ` (${code})` : ''}.`;
}

/** The URL of a blob in the container of `sas`. */
export function blobUrl(sas, name, parameters = {}) {
  const url = new URL(sas);
  url.pathname += `/${name.split('/').map(encodeURIComponent).join('/')}`;
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  return url.href;
}

/** Puts one block. By XMLHttpRequest, because fetch does not tell how far a body has got. */
export function putBlock(sas, name, index, bytes, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.open('PUT', blobUrl(sas, name, { comp: 'block', blockid: blockId(index) }));
    request.timeout = BLOCK_TIMEOUT_MS;
    request.upload.onprogress = (event) => onProgress?.(event.loaded);
    request.onloadend = () => {
      signal?.removeEventListener('abort', abort);
      if (request.status === 201) return resolve();
      if (signal?.aborted) return reject(new DOMException('aborted', 'AbortError'));
      reject(new BlobError(request.status, request.status ? request.getResponseHeader('x-ms-error-code') : ''));
    };
    request.send(bytes);
  });
}

/** Makes the blob of its blocks; before this nothing of it can be seen. */
export async function putBlockList(sas, name, count, contentType, signal) {
  await send(blobUrl(sas, name, { comp: 'blocklist' }), {
    method: 'PUT',
    headers: { 'x-ms-blob-content-type': contentType || 'application/octet-stream' },
    body: blockListXml(count),
    signal,
  });
}

/** Blocks that the server already holds for a blob not yet made: Map of block id to size. */
export async function uncommittedBlocks(sas, name, signal) {
  let response;
  try {
    response = await send(blobUrl(sas, name, { comp: 'blocklist', blocklisttype: 'uncommitted' }), { signal });
  } catch (error) {
    if (error.status === 404) return new Map();
    throw error;
  }
  const found = parse(await response.text()).querySelectorAll('UncommittedBlocks > Block');
  return new Map([...found].map((block) => [text(block, 'Name'), Number(text(block, 'Size'))]));
}

/** Whether a blob is there, and how large: bytes or null. */
export async function blobSize(sas, name) {
  try {
    const response = await send(blobUrl(sas, name), { method: 'HEAD' });
    return Number(response.headers.get('content-length'));
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** The blobs of a container, at most `limit`: [{name, size, type}]. */
export async function listBlobs(sas, limit = 500) {
  const url = new URL(sas);
  url.searchParams.set('restype', 'container');
  url.searchParams.set('comp', 'list');
  url.searchParams.set('maxresults', String(limit));
  const response = await send(url.href, {});
  const found = parse(await response.text()).querySelectorAll('Blobs > Blob');
  return [...found].map((blob) => ({
    name: text(blob, 'Name'),
    size: Number(text(blob, 'Content-Length')),
    type: text(blob, 'Content-Type'),
  }));
}

async function send(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new BlobError(0);
  }
  if (!response.ok) throw new BlobError(response.status, response.headers.get('x-ms-error-code'));
  return response;
}

function parse(xml) {
  return new DOMParser().parseFromString(xml.replace(/^\ufeff/, ''), 'application/xml');
}

function text(element, name) {
  return element.getElementsByTagName(name)[0]?.textContent ?? '';
}
