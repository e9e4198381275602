// A generator on the processor: the plan's steps, run by WebAssembly.

import { Layout } from './layout.js';
import { plan } from './plan.js';

/** The kernels' two builds; the second multiplies and adds in one instruction, where the browser lets it. */
export const KERNELS = { plain: 'kernel/plain.wasm', relaxed: 'kernel/relaxed.wasm' };
const BYTES = 4;  // of a float32

/**
 * What a build exports: kernel/kernel.c and kernel/noise.c.
 * @typedef {{memory: WebAssembly.Memory, __heap_base: WebAssembly.Global<'i32'>}
 *   & Record<import('./plan.js').Kernel, (...args: number[]) => void>
 *   & {dropout_mask: (address: number, channels: number, area: number, stride: number, threshold: bigint, keep: number, seed: bigint, level: bigint) => void}
 * } Kernels
 */

/** Encodes a picture once, then decodes it under any number of noises, as `pix2pix.translate.engines.Engine` does. */
export class Network {
  /**
   * @param {WebAssembly.Module} module one of the `KERNELS`.
   * @param {Partial<import('./checkpoint.js').GeneratorConfig>} generator
   * @param {Record<string, import('./checkpoint.js').Tensor>} tensors
   * @param {number} size of the pictures, a multiple of 2 ** depth.
   * @throws {Error} the tensors do not fit the config, or there is not enough memory.
   */
  constructor(module, generator, tensors, size) {
    this.kernels = /** @type {Kernels} */ (/** @type {unknown} */ (new WebAssembly.Instance(module).exports));
    const layout = new Layout(this.kernels.__heap_base.value);
    this.plan = plan(generator, tensors, layout, size);
    layout.fill(this.kernels.memory);
    /** The picture that is encoded. @type {Float32Array | null} */
    this.picture = null;
    /** The rate and the seed of the masks. */
    this.noise = '';
  }

  /**
   * The part without noise. A stroke changes few rows of a drawing, so only those are convolved again, up to the first
   * norm if there is one. The result is the same, bit for bit.
   * @param {Float32Array} picture (size, size, channels) in [-1, 1]; it must not change afterwards.
   */
  encode(picture) {
    const { side, channels } = this.plan.input;
    const changed = this.picture ? changedRows(this.picture, picture, side * channels) : /** @type {import('./plan.js').Rows} */ ([0, side]);
    this.load(picture);
    this.run(this.plan.encoding.map((step) => (step.rows ? someRows(step, step.rows(changed)) : step)));
    this.picture = picture;
  }

  /**
   * The encoded picture under a noise.
   * @param {number} rate of the dropout, from 0 (off) to below 1.
   * @param {number | bigint} seed names the noise, 0 to 2 ** 63 - 1.
   * @returns {Float32Array} (size, size, 4) in [-1, 1]; channels that the network does not have are zero.
   */
  decode(rate, seed) {
    this.drop(rate, seed);
    this.run(this.plan.decoding);
    const { address, side, channels } = this.plan.output;
    return this.inside(this.numbers(address, (side + 2) ** 2 * channels));
  }

  /** Put a picture inside the border of the input. @param {Float32Array} picture */
  load(picture) {
    this.picture = null;  // until it is encoded
    const { address, side, channels } = this.plan.input;
    const line = (side + 2) * channels, to = this.numbers(address, line * (side + 2));
    for (let row = 0; row < side; row++) {
      to.set(picture.subarray(row * side * channels, (row + 1) * side * channels), (row + 1) * line + channels);
    }
  }

  /** The output without its border. @param {Float32Array} bordered */
  inside(bordered) {
    const { side, channels } = this.plan.output;
    const line = (side + 2) * channels, picture = new Float32Array(side * side * channels);
    for (let row = 0; row < side; row++) {
      const start = (row + 1) * line + channels;
      picture.set(bordered.subarray(start, start + side * channels), row * side * channels);
    }
    return picture;
  }

  /**
   * Fill the dropout masks.
   * @param {number} rate
   * @param {number | bigint} seed
   */
  drop(rate, seed) {
    const noise = `${rate} ${seed}`;
    if (noise === this.noise) return;
    this.noise = noise;
    const threshold = BigInt(roundedToEven(rate * 2 ** 32)), keep = 1 / (1 - rate);
    this.plan.masks.forEach(({ address, channels, area, stride }, level) => {
      this.kernels.dropout_mask(address, channels, area, stride, threshold, keep, BigInt(seed), BigInt(level));
    });
  }

  /** @param {import('./plan.js').Step[]} steps */
  run(steps) {
    for (const { kernel, args } of steps) this.kernels[kernel](...args);
  }

  /** A view of the memory. @param {number} address @param {number} count */
  numbers(address, count) {
    return new Float32Array(this.kernels.memory.buffer, address, count);
  }
}

/**
 * The rows between the first difference and the last; none where there is no difference.
 * @param {Float32Array} a @param {Float32Array} b @param {number} line numbers in a row. @returns {import('./plan.js').Rows}
 */
function changedRows(a, b, line) {
  let first = 0, last = b.length - 1;
  while (first < b.length && a[first] === b[first]) first++;
  while (last >= first && a[last] === b[last]) last--;
  return first > last ? [0, 0] : [Math.floor(first / line), Math.floor(last / line) + 1];
}

/**
 * A step for some rows of its result.
 * @param {import('./plan.js').Step} step @param {import('./plan.js').Rows} rows @returns {import('./plan.js').Step}
 */
function someRows({ kernel, args }, [first, end]) {
  const skip = (/** @type {number} */ address, /** @type {number} */ row) => address + BYTES * first * row;
  // The names are those of kernel/kernel.c.
  if (kernel === 'convolve8') {
    const [from, inRow, inStep, line, taps, run, weights, add, addRow, addStep, out, outRow, outStep, , ...rest] = args;
    return { kernel, args: [
      skip(from, inRow), inRow, inStep, line, taps, run, weights, skip(add, addRow), addRow, addStep,
      skip(out, outRow), outRow, outStep, end - first, ...rest,
    ] };
  }
  const [x, , width, channels, scale, shift, mask, maskStep, slope, most, out] = args;  // of `activate`
  return { kernel, args: [
    skip(x, width * channels), end - first, width, channels, scale, shift, mask, maskStep, slope, most,
    skip(out, (width + 2) * channels),
  ] };
}

/** As Python's `round`. @param {number} x at least 0. */
function roundedToEven(x) {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 ? near - 1 : near;
}
