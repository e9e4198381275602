// The page's side of the engine: a model that is opened in a worker of its own and translates drawings there.
//
//     const engine = await openEngine({ modelUrl: '.../models/HASH/' });
//     const pixels = await engine.translate(context.getImageData(0, 0, 256, 256).data, { seed: 3 });
//     engine.close();

export { fits, misfit } from './checkpoint.js';

const VERDICT = 'pix2pix webgpu';  // where localStorage keeps how WebGPU did on this machine

/**
 * What the worker says, see worker.js.
 * @typedef {object} Message
 * @property {number} id of the request.
 * @property {string} [error]
 * @property {import('./probe.js').Verdict} [verdict] belongs to no request.
 * @property {{done: number, total: number}} [progress]
 * @property {{rate: number}} [opened]
 * @property {Uint8ClampedArray<ArrayBuffer>} [pixels]
 * @property {string} [by]
 */

/**
 * Open a model.
 * @param {object} options
 * @param {string} options.modelUrl the folder of config.json and model.safetensors, with a slash at the end.
 * @param {(done: number, total: number) => void} [options.onProgress] told of the weights' bytes as they come; total is
 *   0 where it is not known.
 * @param {boolean} [options.gpu] whether WebGPU may be tried.
 * @returns {Promise<Engine>}
 * @throws {Error} the model cannot be fetched, is damaged, does not run on this engine (see `misfit`), or the browser
 *   lacks WebAssembly's SIMD or the memory.
 */
export async function openEngine({ modelUrl, onProgress = () => {}, gpu = true }) {
  const engine = new Engine();
  try {
    await engine.open(String(new URL(modelUrl, globalThis.document?.baseURI)), onProgress, gpu);
  } catch (error) {
    engine.close();
    throw error;
  }
  return engine;
}

class Engine {
  constructor() {
    /** @type {Worker | null} */
    this.worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    /** Requests that wait for an answer. @type {Map<number, {take: (answer: Omit<Message, 'id'>) => boolean, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    this.requests = 0;
    /** What translates: "wasm" or "webgpu". */
    this.by = 'wasm';
    /** The training's rate of dropout. */
    this.rate = 0;
    this.worker.addEventListener('message', ({ data }) => this.hear(data));
    this.worker.addEventListener('error', (event) => {
      event.preventDefault?.();
      this.fail(new Error(event.message || 'The worker could not be started.'));
    });
  }

  /** @param {string} modelUrl @param {(done: number, total: number) => void} onProgress @param {boolean} gpu */
  open(modelUrl, onProgress, gpu) {
    return new Promise((/** @type {(value?: undefined) => void} */ resolve, reject) => {
      this.ask({ open: { modelUrl, gpu, verdict: remembered() } }, reject, ({ progress, opened }) => {
        if (progress) onProgress(progress.done, progress.total);
        if (opened) {
          this.rate = opened.rate;
          resolve();
        }
        return Boolean(opened);
      });
    });
  }

  /**
   * A drawing's translation.
   * @param {Uint8ClampedArray} drawing 256 x 256 opaque pixels of a canvas, RGBA.
   * @param {{seed?: number, rate?: number}} [noise] a whole number from 0; of the dropout, from 0 (off) to below 1, the
   *   training's by default.
   * @returns {Promise<Uint8ClampedArray<ArrayBuffer>>} as many pixels.
   * @throws {Error} the worker failed, or the engine was closed.
   */
  async translate(drawing, { seed = 0, rate } = {}) {
    return (await this.variations(drawing, { seeds: [seed], rate }))[0];
  }

  /**
   * Several translations of one drawing, for the price of one encoder and as many decoders.
   * @param {Uint8ClampedArray} drawing
   * @param {{seeds: number[], rate?: number}} noises
   * @returns {Promise<Uint8ClampedArray<ArrayBuffer>[]>} one for each seed.
   */
  variations(drawing, { seeds, rate }) {
    return new Promise((resolve, reject) => {
      /** @type {Uint8ClampedArray<ArrayBuffer>[]} */
      const pictures = [];
      this.ask({ translate: { drawing, seeds, rate } }, reject, ({ pixels, by = '' }) => {
        this.by = by;
        if (pixels) pictures.push(pixels);
        if (pictures.length === seeds.length) resolve(pictures);
        return pictures.length === seeds.length;
      });
    });
  }

  /** Stop the worker; what was asked of it and not answered is rejected. */
  close() {
    this.fail(new Error('The engine was closed.'));
  }

  /**
   * @param {object} request
   * @param {(error: Error) => void} reject
   * @param {(answer: Omit<Message, 'id'>) => boolean} take hears the answers; true ends them.
   */
  ask(request, reject, take) {
    if (!this.worker) return reject(new Error('The engine was closed.'));
    this.requests += 1;
    this.waiting.set(this.requests, { take, reject });
    this.worker.postMessage({ id: this.requests, ...request });
  }

  /** @param {Message} message */
  hear({ id, error, verdict, ...answer }) {
    if (verdict) return remember(verdict);
    const request = this.waiting.get(id);
    if (error !== undefined) request?.reject(new Error(error));
    if (error !== undefined || request?.take(answer)) this.waiting.delete(id);
  }

  /** @param {Error} error */
  fail(error) {
    this.worker?.terminate();
    this.worker = null;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function remembered() {
  try {
    return JSON.parse(globalThis.localStorage.getItem(VERDICT) ?? 'null');
  } catch {
    return null;  // forbidden, or not there
  }
}

/** @param {import('./probe.js').Verdict} verdict */
function remember(verdict) {
  try {
    globalThis.localStorage.setItem(VERDICT, JSON.stringify(verdict));
  } catch { /* forbidden: it is found out again */ }
}
