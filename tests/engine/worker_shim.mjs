// A worker's global scope as a browser has it, in a thread of node's.

import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

globalThis.self = {
  addEventListener: (_, listener) => parentPort.on('message', (data) => listener({ data })),
  postMessage: (data, transferred) => parentPort.postMessage(data, transferred),
};
const web = globalThis.fetch;
globalThis.fetch = async (url) => (url.startsWith('file:') ? new Response(await readFile(new URL(url))) : web(url));

await import(workerData);
