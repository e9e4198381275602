// What the engine's tests in node share. The folder in PIX2PIX_REFERENCE is made by tests/test_browser_engine.py.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { KERNELS } from '../../demo/web/engine/network.js';

export const ENGINE = fileURLToPath(new URL('../../demo/web/engine/', import.meta.url));
export const REFERENCE = process.env.PIX2PIX_REFERENCE;

/** @param {string} path of a file, as an ArrayBuffer. */
export function bytes(path) {
  const data = readFileSync(path);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
}

export const json = (path) => JSON.parse(readFileSync(path, 'utf-8'));
export const referenced = (...path) => join(REFERENCE, ...path);
export const cases = () => json(referenced('cases.json'));

/** The kernels that this node runs. @returns {[string, WebAssembly.Module][]} */
export function builds() {
  return Object.entries(KERNELS).flatMap(([name, path]) => {
    const code = bytes(join(ENGINE, path));
    return WebAssembly.validate(code) ? [[name, new WebAssembly.Module(code)]] : [];
  });
}
