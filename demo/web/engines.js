// What translates drawings. The page knows this interface alone. `ServerEngine` asks Gradio's queue, `DeviceEngine` in
// device.js computes in the browser, and `Chooser` in chooser.js uses the better of the two.

import { ask } from './channels.js';

export const LOOKS = 8; // that the variations show

/**
 * @typedef {object} Drawing  both are read only when an engine wants them
 * @property {() => ImageData} pixels
 * @property {() => string} png a data URL
 *
 * @typedef {object} Wish
 * @property {string} model
 * @property {number} seed
 * @property {number | null} rate of the dropout; null for the training's
 * @property {boolean} final whether the drawing is at rest, so that the picture must be exact
 *
 * @typedef {object} Picture
 * @property {string} image a URL
 * @property {number} ms the model's time
 * @property {string} model
 * @property {number} seed
 *
 * @typedef {object} Samples
 * @property {{ image: string, seed: number }[]} pictures one alone where all look alike
 * @property {string} unsure a picture of where they differ, a URL
 * @property {boolean} alike
 *
 * @typedef {object} Engine
 * @property {number} gap ms between two drawings while the pen moves
 * @property {(drawing: Drawing, wish: Wish) => Promise<Picture | null>} translate null where a newer one overtook it
 * @property {(drawing: Drawing, wish: Wish, count?: number) => Promise<Samples>} variations from the wish's seed on
 * @property {(model: string, report: (line: string) => void) => Promise<{ rate: number }>} open makes a model ready
 * @property {() => Promise<boolean>} reachable
 */

/** What went wrong, in a sentence for the page. */
export class Trouble extends Error {}

/** @implements {Engine} */
export class ServerEngine {
  gap = 70;

  /** @param {Drawing} drawing @param {Wish} wish @returns {Promise<Picture | null>} */
  async translate(drawing, wish) {
    return said(await ask('draw', { ...wish, image: drawing.png() }, { newest: true }));
  }

  /** @param {Drawing} drawing @param {Wish} wish @param {number} [count] @returns {Promise<Samples>} */
  async variations(drawing, wish, count = LOOKS) {
    return said(await ask('vary', { ...wish, count, image: drawing.png() }));
  }

  /** @param {string} model @param {(line: string) => void} report */
  async open(model, report) {
    return said(await ask('open', { model }, { report: ({ line }) => report(line) }));
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
