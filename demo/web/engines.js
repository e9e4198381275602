// Engines, which translate drawings. The page uses only this interface. `ServerEngine` asks Gradio's queue, `DeviceEngine`
// in device.js computes in the browser, and `Chooser` in chooser.js uses the better of the two.

import { ask } from './channels.js';
import { LOOKS } from './rules.js';

/**
 * @typedef {object} Drawing  each is read only when an engine needs it
 * @property {() => ImageData} pixels
 * @property {() => string} png a data URL
 *
 * @typedef {object} Wish
 * @property {string} model
 * @property {number} seed
 * @property {number | null} rate dropout rate; null for that of training
 * @property {boolean} final whether the drawing is at rest, so that the picture must be exact
 * @property {Computer | null} [by] who should draw it, where one drew it before: the two may differ by one level
 *
 * @typedef {'device' | 'server'} Computer
 *
 * @typedef {object} Picture
 * @property {string} image a URL
 * @property {Computer} by
 * @property {number} ms the model's time
 * @property {string} model
 * @property {number} seed
 *
 * @typedef {object} Samples
 * @property {{ image: string, seed: number }[]} pictures only one where all look alike
 * @property {string} unsure a map of their differences, a URL
 * @property {boolean} alike
 *
 * @typedef {'dark lines' | 'light lines' | 'paper' | 'scene'} PictureKind  the kind of a picture that becomes lines
 *
 * @typedef {object} Lines  a picture as dark lines on white
 * @property {string} image a data URL
 * @property {PictureKind} kind the kind that the picture was taken for
 *
 * @typedef {object} Engine
 * @property {number} gap ms between two drawings while the pen moves
 * @property {(drawing: Drawing, wish: Wish) => Promise<Picture | null>} translate null where a newer drawing replaced it
 * @property {(drawing: Drawing, wish: Wish, count?: number) => Promise<Samples>} variations from the wish's seed on
 * @property {(model: string, report: (line: string) => void) => Promise<{ rate: number }>} open makes a model ready
 * @property {(image: string, threshold: number, kind: PictureKind | 'auto') => Promise<Lines>} lines of a PNG data URL;
 *     the threshold, from 0 to 1, is that of a photo's outlines
 * @property {() => Promise<boolean>} reachable
 */

/** An error with a sentence for the page. */
export class Trouble extends Error {}

/** @implements {Engine} */
export class ServerEngine {
  gap = 70;

  /** @param {Drawing} drawing @param {Wish} wish @returns {Promise<Picture | null>} */
  async translate(drawing, wish) {
    const { model, seed, rate, final } = wish;
    const picture = said(await ask('draw', { model, seed, rate, final, image: drawing.png() }, { newest: true }));
    return picture && { ...picture, by: 'server' };
  }

  /** @param {Drawing} drawing @param {Wish} wish @param {number} [count] @returns {Promise<Samples>} */
  async variations(drawing, wish, count = LOOKS) {
    return said(await ask('vary', { ...wish, count, image: drawing.png() }));
  }

  /** @param {string} model @param {(line: string) => void} report */
  async open(model, report) {
    return said(await ask('open', { model }, { report: ({ line }) => report(line) }));
  }

  /** @param {string} image @param {number} threshold @param {PictureKind | 'auto'} kind @returns {Promise<Lines>} */
  async lines(image, threshold, kind) {
    return said(await ask('trace', { image, threshold, kind }));
  }

  async reachable() {
    try {
      return (await fetch(new URL('health', document.baseURI), { cache: 'no-store', signal: AbortSignal.timeout(4000) })).ok;
    } catch {
      return false;
    }
  }
}

/** @param {any} answer */
function said(answer) {
  if (answer?.error) throw new Trouble(answer.error);
  return answer;
}
