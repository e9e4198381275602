// What the engine fetches: a model's two files and the kernels.

import { KERNELS } from './network.js';

const CACHE = 'pix2pix models';
const KEPT = 64;  // files in the cache: two of each model, about 8 MB together

/** The smallest module with a relaxed multiplication and addition, to ask the browser whether it knows them. */
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0,                              // "\0asm", version 1
  1, 8, 1, 96, 3, 123, 123, 123, 1, 123,                    // a function of three vectors that gives one
  3, 2, 1, 0, 10, 13, 1, 11, 0,                             // its body, without locals
  32, 0, 32, 1, 32, 2, 253, 133, 2, 11,                     // f32x4.relaxed_madd of the three
];

/** @param {string} url */
async function fetched(url) {
  const response = await fetch(url).catch(() => {
    throw new Error('The model cannot be fetched: check the connection, and choose it again.');
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  return response;
}

/** The kernels' best build that this browser runs. */
export async function fetchModule() {
  const kernels = WebAssembly.validate(Uint8Array.from(RELAXED)) ? 'relaxed' : 'plain';
  const response = await fetched(String(new URL(KERNELS[kernels], import.meta.url)));
  return { kernels, module: await WebAssembly.compile(await response.arrayBuffer()) };
}

/**
 * A model's config.
 * @param {string} url as for `fetchFile`.
 * @returns {Promise<import('./checkpoint.js').Config>}
 */
export const fetchConfig = async (url) => JSON.parse(new TextDecoder().decode(await fetchFile(url)));

/**
 * A file of a model, from the browser's cache where it is there.
 * @param {string} url whose path names their hash: what is there never changes.
 * @param {(done: number, total: number) => void} [report] bytes; total is 0 where it is not known.
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchFile(url, report = () => {}) {
  // There are no caches on pages that came over plain HTTP from another machine.
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  const kept = await cache?.match(url);
  if (kept) return kept.arrayBuffer();
  const response = await fetched(url);
  const mayKeep = !response.headers.get('Cache-Control')?.includes('no-store');
  const copy = cache && mayKeep && response.clone();
  const bytes = await whole(response, report);
  if (copy) keep(cache, url, copy).catch(() => {});  // there may be no room: it is fetched again then
  return bytes;
}

/** Put a file into the browser's cache. @param {string} url as for `fetchFile`. @throws {Error} it cannot be fetched, or there is no room. */
export async function keepFile(url) {
  if (!(await isKept(url))) await keep(await caches.open(CACHE), url, await fetched(url));
}

/** Whether a file is in the browser's cache. @param {string} url */
export async function isKept(url) {
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  return Boolean(await cache?.match(url));
}

/** Take a file out of the browser's cache. @param {string} url */
export async function forget(url) {
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  await cache?.delete(url);
}

/** @param {Cache} cache @param {string} url @param {Response} response */
async function keep(cache, url, response) {
  await cache.put(url, response);
  const oldest = (await cache.keys()).slice(0, -KEPT);
  await Promise.all(oldest.map((request) => cache.delete(request)));
}

/**
 * @param {Response} response
 * @param {(done: number, total: number) => void} report
 */
async function whole(response, report) {
  const packed = response.headers.has('Content-Encoding');
  const total = packed ? 0 : Number(response.headers.get('Content-Length'));
  const chunks = [];
  let done = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    chunks.push(part.value);
    done += part.value.length;
    report(done, total);
  }
  return new Blob(chunks).arrayBuffer();
}
