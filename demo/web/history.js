// The history: what was drawn here, to go back to.

import { filled, pictureButton } from './dom.js';
import { entries, keepEntry } from './store.js';

/** @typedef {import('./packing.js').Layers} Layers */
/** @typedef {import('./store.js').Entry} Entry */

export class History {
  #place;
  #models;
  #texts;
  #restore;
  #last = /** @type {{ entry: Entry, layers: Layers } | null} */ (null);

  /**
   * @param {HTMLElement} place @param {Record<string, import('./main.js').Model>} models
   * @param {Record<string, string>} texts @param {(entry: Entry) => void} restore
   */
  constructor(place, models, texts, restore) {
    this.#place = place;
    this.#models = models;
    this.#texts = texts;
    this.#restore = restore;
    window.addEventListener('storage', () => this.show());
  }

  /**
   * Keep a drawing, in place of an earlier stage of it.
   * @param {Entry} entry @param {Layers} layers @param {number} paper colour of unpainted parts
   */
  keep(entry, layers, paper) {
    const last = this.#last;
    const grown = last && sameLook(last.entry, entry) && addsTo(layers, last.layers, paper);
    keepEntry(entry, grown ? last.entry : null);
    this.#last = { entry, layers };
    this.show();
  }

  show() {
    const found = entries().filter((entry) => this.#models[entry.model]);
    if (!found.length) return;
    this.#place.replaceChildren(
      ...found.map((entry) => {
        const words = filled(this.#texts.go_back, { title: this.#models[entry.model].title, seed: entry.seed });
        const each = pictureButton(words, entry.picture);
        each.addEventListener('click', () => {
          this.#last = null; // what is drawn from here on takes the place of no other entry
          this.#restore(entry);
        });
        return each;
      }),
    );
  }
}

/** @param {Entry} one @param {Entry} other */
const sameLook = (one, other) => one.model === other.model && one.seed === other.seed && (one.rate ?? null) === (other.rate ?? null);

/**
 * Whether a drawing has all lines and all paint of an earlier one. Paint under black lines does not count.
 * @param {Layers} now @param {Layers} before @param {number} paper
 */
export function addsTo(now, before, paper) {
  return (
    before.lines.every((alpha, at) => now.lines[at] >= alpha) &&
    before.paint.every((colour, at) => colour === paper || now.paint[at] === colour || now.lines[at] === 255)
  );
}
