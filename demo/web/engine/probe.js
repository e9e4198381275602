// Whether WebGPU is better on this machine: a driver may be wrong, and a weak graphics processor slower.

import { SIDE } from '../rules.js';

const PATIENCE = 1000;      // ms that probing may take
const AGREEMENT = 1e-3;     // largest difference, of [-1, 1]
const ROUNDS = 3;           // the first is slower, as code is compiled and memory touched; later ones may be, when a drawing is translated meanwhile

/** @typedef {import('./gpu.js').GpuNetwork} GpuNetwork */
/** What is remembered of a machine. @typedef {{name: string, better: boolean}} Verdict */

/** A picture's translation at once, for one noise. @typedef {(picture: Float32Array, rate: number, seed: number) => Float32Array} Translate */

/**
 * Translate a test picture by both.
 * @param {Translate} translate by WebAssembly.
 * @param {() => Promise<GpuNetwork>} open
 * @param {string} name of the graphics processor.
 * @returns {Promise<{gpu: GpuNetwork | null, verdict: Verdict}>} `gpu` where it is the better one.
 */
export async function choose(translate, open, name) {
  const opening = open();
  let timer = 0;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('Probing took too long.')), PATIENCE); });
  try {
    const gpu = await Promise.race([opening, late]);
    if (await Promise.race([isBetter(translate, gpu), late])) return { gpu, verdict: { name, better: true } };
  } catch { /* it failed, or was too slow */ } finally {
    clearTimeout(timer);
  }
  opening.then((gpu) => gpu.close(), () => {});
  return { gpu: null, verdict: { name, better: false } };
}

/** @param {Translate} translate @param {GpuNetwork} gpu */
async function isBetter(translate, gpu) {
  // Dots on white: they come as far as the innermost level, and a wrong kernel shows at once.
  const picture = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i % 997 < 40 ? -1 : 1));
  let ours = Infinity, theirs = Infinity;
  /** @type {Float32Array} */
  let expected = new Float32Array();
  /** @type {Float32Array} */
  let answer = expected;
  for (let round = 0; round < ROUNDS; round++) {
    let start = performance.now();
    expected = translate(picture, 0.5, 1);
    ours = Math.min(ours, performance.now() - start);
    start = performance.now();
    gpu.encode(picture);
    answer = await gpu.decode(0.5, 1);
    theirs = Math.min(theirs, performance.now() - start);
  }
  return theirs < ours && answer.every((value, i) => Math.abs(value - expected[i]) <= AGREEMENT);
}
