// The engine in the visitor's own browser, for the page: it fetches, opens and closes models.

import { isKept } from './engine/download.js';
import { openEngine } from './engine/index.js';
import { squared } from './pictures.js';
import { outlined } from './outlines.js';
import { hasLightLines, inverted } from './polarity.js';
import { LARGEST_RATE, LARGEST_SEED, LOOKS, SIDE } from './rules.js';
import { alike, spreadMap } from './spread.js';

/** @typedef {import('./engines.js').Drawing} Drawing */
/** @typedef {import('./engines.js').Wish} Wish */
/** @typedef {import('./engines.js').Picture} Picture */
/** @typedef {import('./engines.js').Samples} Samples */
/** @typedef {Awaited<ReturnType<typeof openEngine>>} Opened */
/** @typedef {(share: number) => void} Progress  of the download, from 0 to 1 */

const HELD = 3; // models that are open at once, 44 MB each
const ROUNDS = 2; // of timing; the first is slower

export class DeviceEngine {
  gap = 30;
  /** Open and opening models, the most recently used last. @type {Map<string, Promise<Opened>>} */
  #opened = new Map();
  #asked = 0;
  #turn = Promise.resolve();
  #canvas = document.createElement('canvas');

  /** @param {Record<string, { weights: string }>} models address of each checkpoint; empty where browsers cannot run it */
  constructor(models) {
    this.models = models;
    this.#canvas.width = this.#canvas.height = SIDE;
  }

  /** Whether there is a checkpoint that may run here. @param {string} model */
  offers(model) {
    return Boolean(this.models[model]?.weights) && typeof Worker === 'function' && typeof WebAssembly === 'object';
  }

  /** Whether a model's weights are in this browser. @param {string} model */
  async has(model) {
    return this.#opened.has(model) || (this.offers(model) && isKept(`${this.#url(model)}model.safetensors`));
  }

  /**
   * Make a model ready.
   * @param {string} model @param {Progress} [progress] @returns {Promise<{ rate: number }>}
   * @throws {Error} the model cannot be fetched, or does not run here.
   */
  async open(model, progress) {
    const { rate } = await this.#engine(model, progress);
    return { rate: Math.min(rate, LARGEST_RATE) };
  }

  /** The time of a picture after warm-up, in ms. @param {string} model */
  async time(model) {
    const engine = await this.#engine(model);
    const white = new Uint8ClampedArray(4 * SIDE * SIDE).fill(255);
    let best = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      white[0] = round; // a different drawing each time, since encodings are kept
      const start = performance.now();
      await engine.translate(white);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  }

  /** Stop a model. @param {string} model */
  close(model) {
    this.#opened.get(model)?.then((engine) => engine.close(), () => {});
    this.#opened.delete(model);
  }

  /** @param {Drawing} drawing @param {Wish} wish @returns {Promise<Picture | null>} */
  async translate(drawing, { model, seed, rate, final }) {
    const mine = (this.#asked += 1);
    await this.#turn;
    if (mine !== this.#asked) return null;
    const engine = await this.#engine(model);
    const start = performance.now();
    const answer = engine.translate(drawing.pixels().data, { seed, rate: rate ?? undefined });
    this.#turn = answer.then(() => {}, () => {});
    const pixels = await answer;
    return { image: this.#picture(pixels, final), ms: performance.now() - start, model, seed, by: 'device' };
  }

  /** @param {Drawing} drawing @param {Wish} wish @param {number} [count] @returns {Promise<Samples>} */
  async variations(drawing, { model, seed, rate }, count = LOOKS) {
    const engine = await this.#engine(model);
    const first = Math.min(seed, LARGEST_SEED - count + 1);
    const seeds = Array.from({ length: count }, (_, at) => first + at);
    const found = await engine.variations(drawing.pixels().data, { seeds, rate: rate ?? undefined });
    const same = alike(found);
    const pictures = found.map((pixels, at) => ({ image: this.#picture(pixels, true), seed: seeds[at] }));
    return { pictures: same ? pictures.slice(0, 1) : pictures, alike: same, unsure: this.#picture(spreadMap(found), true) };
  }

  /**
   * As on the server, except that a drawing on paper is taken for a photo of a thing, and light lines are noticed on an
   * even ground alone.
   * @param {string} image @param {number} threshold @param {import('./engines.js').PictureKind | 'auto'} kind
   * @returns {Promise<import('./engines.js').Lines>}
   */
  async lines(image, threshold, kind) {
    const picture = squared(await createImageBitmap(await (await fetch(image)).blob()), SIDE, '#ffffff', true);
    const { data } = picture;
    if (kind === 'light lines' || (kind === 'auto' && hasLightLines(data))) return { image: this.#picture(inverted(data), true), kind: 'light lines' };
    if (kind === 'dark lines') return { image: this.#picture(data, true), kind };
    return { image: this.#picture(outlined(data, SIDE, threshold), true), kind: 'scene' };
  }

  async reachable() {
    return true;
  }

  /** @param {string} model */
  #url(model) {
    return String(new URL(this.models[model].weights, document.baseURI));
  }

  /** @param {string} model @param {Progress} [progress] @returns {Promise<Opened>} */
  #engine(model, progress) {
    const opened = this.#opened.get(model) ?? openEngine({
      modelUrl: this.#url(model), onProgress: (done, total) => progress?.(total ? done / total : 0),
    });
    this.#opened.delete(model);
    this.#opened.set(model, opened);
    opened.catch(() => { if (this.#opened.get(model) === opened) this.#opened.delete(model); });
    if (this.#opened.size > HELD) this.close([...this.#opened.keys()][0]);
    return opened;
  }

  /** @param {import('./spread.js').Pixels} pixels @param {boolean} lossless @returns {string} a data URL */
  #picture(pixels, lossless) {
    this.#canvas.getContext('2d', { willReadFrequently: true })?.putImageData(new ImageData(pixels, SIDE), 0, 0);
    return lossless ? this.#canvas.toDataURL() : this.#canvas.toDataURL('image/jpeg', 0.9);
  }
}
