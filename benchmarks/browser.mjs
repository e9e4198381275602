// The contenders of benchmarks/browser.py that run in node and in Chromium: each makes a function that does one picture.

import { complete, readTensors } from '../demo/web/engine/checkpoint.js';
import { Network } from '../demo/web/engine/network.js';

const SIDE = 256;
const drawing = () => Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i % 997 < 40 ? -1 : 1));

/** @param {(path: string) => Promise<ArrayBuffer>} read a file of the repository @param {string} build @param {string} model */
export async function ours(read, build, model) {
  const config = JSON.parse(new TextDecoder().decode(await read(`checkpoints/${model}/config.json`)));
  const module = await WebAssembly.compile(await read(`demo/web/engine/kernel/${build}.wasm`));
  const tensors = readTensors(await read(`checkpoints/${model}/model.safetensors`));
  const network = new Network(module, config.generator, tensors, SIDE), x = drawing(), rate = complete(config.generator).dropout;
  return async (seed) => {
    network.picture = null;  // all of it each time, not only what a stroke changes
    network.encode(x);
    network.decode(rate, seed);
  };
}

/** @param {any} ort onnxruntime-web @param {Uint8Array} file of the model @param {number[][]} shapes of its masks */
export async function theirs(ort, file, shapes) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file, { executionProviders: ['wasm'] });
  const planes = drawing();  // in another order than theirs, which costs the same
  const tensor = (numbers, shape) => new ort.Tensor('float32', numbers, shape);
  const feeds = { x: tensor(planes, [1, 3, SIDE, SIDE]) };
  shapes.forEach((shape, i) => {
    feeds[`mask${i}`] = tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
  });
  return async () => { await session.run(feeds); };
}

/** In node: pictures as many as each line asks for; answers with the processor's seconds. */
async function main([kind, model, onnx, shapes, ort]) {
  const { readFile } = await import('node:fs/promises');
  const { createInterface } = await import('node:readline');
  const read = async (path) => {
    const bytes = await readFile(new URL(`../${path}`, import.meta.url));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  };
  const picture = kind === 'onnxruntime-web'
    ? await theirs(await import(ort), new Uint8Array(await readFile(onnx)), JSON.parse(shapes))
    : await ours(read, kind, model);
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const before = process.cpuUsage();
    for (let i = 0; i < Number(line); i++) await picture(i);
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1e6);
  }
}

if (globalThis.process?.argv) await main(process.argv.slice(2));
