// One model, ready to translate drawings: by WebAssembly at once, by WebGPU once that has shown that it is better.

import { SIDE } from '../rules.js';
import { complete, misfit, readTensors } from './checkpoint.js';
import { GpuNetwork, nameOf, realAdapter } from './gpu.js';
import { Network } from './network.js';
import { snapped, toNumbers, toPixels } from './pixels.js';
import { choose } from './probe.js';

/** @typedef {import('./checkpoint.js').Config} Config */
/** @typedef {import('./probe.js').Verdict} Verdict */

export class Session {
  /**
   * @param {WebAssembly.Module} module of the kernels.
   * @param {Config} config
   * @param {ArrayBuffer} file the weights.
   * @throws {Error} this engine does not run the model, or its weights are damaged or too large for the memory.
   */
  constructor(module, config, file) {
    refuse(config);
    this.network = new Network(module, config.generator, readTensors(file), SIDE);
    /** @type {GpuNetwork | null} */
    this.gpu = null;
    this.rate = complete(config.generator).dropout;
    this.colours = config.task.input === 'labels' ? Object.values(config.task.palette ?? {}) : [];
    /** The drawing that is encoded, by the processor or the graphics processor. @type {Uint8ClampedArray | null} */
    this.drawing = null;
    /** The last result. @type {{ drawing: Uint8ClampedArray, rate: number, seed: number, numbers: Float32Array } | null} */
    this.last = null;
  }

  /**
   * A drawing's translations. The encoder runs once for all of them, and not at all if it ran for this drawing last.
   * @param {Uint8ClampedArray} drawing `SIDE` x `SIDE` opaque pixels of a canvas, RGBA.
   * @param {number[]} seeds
   * @param {number} [rate] of the dropout; the training's by default.
   * @yields {Uint8ClampedArray<ArrayBuffer>} one for each seed.
   */
  async* translate(drawing, seeds, rate = this.rate) {
    for (const seed of seeds) {
      yield toPixels(await this.decode(drawing, rate, seed));
    }
  }

  /** @param {Uint8ClampedArray} drawing @param {number} rate @param {number} seed */
  async decode(drawing, rate, seed) {
    const { last } = this;
    // The pen is often lifted where the last frame of the stroke already was.
    if (last && last.rate === rate && last.seed === seed && same(last.drawing, drawing)) return last.numbers;
    const numbers = await this.compute(drawing, rate, seed);
    this.last = { drawing, rate, seed, numbers };
    return numbers;
  }

  /** @param {Uint8ClampedArray} drawing @param {number} rate @param {number} seed */
  async compute(drawing, rate, seed) {
    try {
      this.encode(drawing);
      return await (this.gpu ?? this.network).decode(rate, seed);
    } catch (error) {
      if (!this.gpu) throw error;
      this.use(null);  // the same frame again, by WebAssembly
      this.encode(drawing);
      return this.network.decode(rate, seed);
    }
  }

  /** @param {Uint8ClampedArray} drawing */
  encode(drawing) {
    if (this.drawing && same(this.drawing, drawing)) return;
    this.drawing = null;  // nothing, should this fail half-way
    (this.gpu ?? this.network).encode(toNumbers(this.colours.length ? snapped(drawing, this.colours) : drawing));
    this.drawing = drawing;
  }

  /**
   * Find out whether WebGPU gives the same pictures faster, and use it if so. Drawings are translated meanwhile.
   * @param {Verdict | null} remembered from an earlier visit.
   * @returns {Promise<Verdict | null>} what to remember; nothing where there is no graphics processor.
   */
  async probe(remembered) {
    const adapter = await realAdapter();
    if (!adapter) return null;
    const name = nameOf(adapter), known = remembered?.name === name;
    if (known && !remembered.better) return remembered;
    /** @type {import('./probe.js').Translate} */
    const translate = (picture, rate, seed) => {
      this.drawing = null;  // its encoding is overwritten
      this.network.encode(picture);
      return this.network.decode(rate, seed);
    };
    const { gpu, verdict } = await choose(translate, () => GpuNetwork.open(this.network, adapter), name);
    this.use(gpu);
    return verdict;
  }

  /** @param {GpuNetwork | null} gpu */
  use(gpu) {
    this.gpu?.close();
    this.gpu = gpu;
    this.drawing = this.last = null;
  }
}

/**
 * @param {Config} config
 * @throws {Error} this engine does not run the model.
 */
export function refuse(config) {
  const reason = misfit(config);
  if (reason) throw new Error(`This model runs on the server alone: ${reason}.`);
}

/** @param {Uint8ClampedArray} a @param {Uint8ClampedArray} b */
function same(a, b) {
  const left = new Uint32Array(a.buffer, a.byteOffset, a.length / 4), right = new Uint32Array(b.buffer, b.byteOffset, b.length / 4);
  return left.every((pixel, i) => pixel === right[i]);
}
