// The worker and the page's side of it, over HTTP: opened, asked, refused, closed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Worker as Thread } from 'node:worker_threads';

import { openEngine } from '../../demo/web/engine/index.js';
import { builds, bytes, cases, json, referenced } from './support.mjs';

/** The web's Worker over node's. */
class Worker extends EventTarget {
  constructor(url) {
    super();
    this.thread = new Thread(new URL('worker_shim.mjs', import.meta.url), { workerData: String(url) });
    this.thread.on('message', (data) => this.dispatchEvent(Object.assign(new Event('message'), { data })));
    this.thread.on('error', ({ message }) => this.dispatchEvent(Object.assign(new Event('error'), { message })));
  }

  postMessage(data) { this.thread.postMessage(data); }

  terminate() { this.thread.terminate(); }
}

globalThis.Worker = Worker;

const [each] = cases().filter(({ drawing }) => drawing);
const drawing = () => new Uint8ClampedArray(bytes(referenced(each.name, 'drawing.bin')));
const weights = readFileSync(`${each.folder}/model.safetensors`), config = json(`${each.folder}/config.json`);
const FILES = {
  '/good/config.json': JSON.stringify(config),
  '/good/model.safetensors': weights,
  '/short/config.json': JSON.stringify(config),
  '/short/model.safetensors': weights.subarray(0, weights.length >> 1),
  '/photo/config.json': JSON.stringify({ ...config, task: { image_size: 256 } }),
  '/photo/model.safetensors': weights,
};
let server, address;

before(async () => {
  server = createServer(({ url }, response) => {
    const file = FILES[url];
    response.writeHead(file === undefined ? 404 : 200, { 'Content-Length': file?.length ?? 0 });
    response.end(file);
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test('one drawing, its variations, and the download that is told of', async () => {
  const told = [];
  const engine = await openEngine({ modelUrl: `${address}/good/`, onProgress: (...bytesOf) => told.push(bytesOf) });
  try {
    assert.deepEqual(told.at(-1), [weights.length, weights.length]);
    const pictures = await engine.variations(drawing(), { seeds: each.drawn });
    assert.equal(pictures.length, each.drawn.length);
    assert.deepEqual(await engine.translate(drawing(), { seed: each.drawn[2] }), pictures[2]);
    assert.equal(engine.by, 'wasm');
    const [first, second] = await Promise.all([
      engine.translate(drawing().fill(255), { seed: 1 }), engine.translate(drawing(), { seed: each.drawn[0] })]);
    assert.notDeepEqual(first, second);
    assert.deepEqual(second, pictures[0]);
  } finally {
    engine.close();
  }
});

test('what cannot be opened says why', async () => {
  await assert.rejects(openEngine({ modelUrl: `${address}/none/` }), /none\/.* answered 404/);
  await assert.rejects(openEngine({ modelUrl: `${address}/short/` }), /weights are damaged/);
  await assert.rejects(openEngine({ modelUrl: `${address}/photo/` }), /runs on the server alone: input is photo/);
});

test('a closed engine rejects what it was asked and what it is asked', async () => {
  const engine = await openEngine({ modelUrl: `${address}/good/` });
  const asked = engine.translate(drawing());
  engine.close();
  await assert.rejects(asked, /closed/);
  await assert.rejects(engine.translate(drawing()), /closed/);
});

test('a request that fails rejects, and the next one is answered', async () => {
  const engine = await openEngine({ modelUrl: `${address}/good/` });
  try {
    await assert.rejects(engine.translate(drawing(), { seed: 0.5 }));
    assert.equal((await engine.translate(drawing(), { seed: 5 })).length, 4 * 256 * 256);
  } finally {
    engine.close();
  }
});

test('the kernels are the relaxed ones exactly where they run', async () => {
  const { fetchModule } = await import('../../demo/web/engine/download.js');
  const web = globalThis.fetch;
  globalThis.fetch = async (url) => new Response(readFileSync(new URL(url)));
  try {
    assert.equal((await fetchModule()).kernels, builds().at(-1)[0]);
  } finally {
    globalThis.fetch = web;
  }
});
