// The empty sheet's invitation. On a first visit, an example draws itself until somebody touches the sheet.

import { hex } from './colours.js';
import { squared } from './pictures.js';
import { SIDE } from './rules.js';
import { steps } from './tracing.js';

const PACE = 7; // pixels of a line per moment
const BRUSH = 900; // pixels of an area per moment
const MOMENT = 24; // ms
const SEEN = 'pix2pix seen';

/** Whether this browser has opened the page before; this visit counts from now on. */
export function firstVisit() {
  try {
    const seen = localStorage.getItem(SEEN);
    localStorage.setItem(SEEN, 'yes');
    return !seen;
  } catch {
    return false;
  }
}

/** An example that draws itself on the sheet, as a hand would. */
export class Demonstration {
  #sheet;
  #count = 0; // of starts and ends
  #layers = /** @type {import('./packing.js').Layers | null} */ (null);

  /** @param {import('./sheet.js').Sheet} sheet */
  constructor(sheet) {
    this.#sheet = sheet;
  }

  get plays() {
    return Boolean(this.#layers);
  }

  /** @param {string} example address of the finished drawing */
  async play(example) {
    const sheet = this.#sheet;
    const mine = (this.#count += 1);
    const picture = await createImageBitmap(await (await fetch(example)).blob());
    if (!sheet.blank || mine !== this.#count) return; // somebody was faster
    sheet.draw(squared(picture, SIDE, hex(sheet.paper), false));
    const layers = sheet.copy();
    sheet.wipe();
    this.#layers = layers;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (still) sheet.take(layers);
    for (const { layer, pixels } of still ? [] : steps(layers, sheet.paper, SIDE)) {
      const pace = layer === 'lines' ? PACE : BRUSH;
      for (let from = 0; from < pixels.length; from += pace) {
        if (this.#layers !== layers) return;
        for (const at of pixels.slice(from, from + pace)) {
          if (layer === 'lines') sheet.lines[at] = layers.lines[at];
          else sheet.paint[at] = layers.paint[at];
        }
        sheet.changed('moving');
        await new Promise((resolve) => setTimeout(resolve, MOMENT));
      }
    }
    if (this.#layers === layers) sheet.changed('shown');
  }

  /**
   * @param {boolean} empty leave an empty sheet, and the complete drawing to undo, as for visitors who draw. Otherwise it
   *     is complete at once.
   */
  stop(empty) {
    this.#count += 1;
    const layers = this.#layers;
    if (!layers) return;
    this.#layers = null;
    this.#sheet.take(layers);
    if (empty) {
      this.#sheet.remember();
      this.#sheet.wipe();
    }
    this.#sheet.changed('shown');
  }
}
