// The translation: what the model makes of the drawing. The attributes of its element tell whether it is up to date.

import { find } from './dom.js';
import { squared } from './pictures.js';
import { SIDE } from './rules.js';

export class Translation {
  #words;

  /** @param {HTMLElement} root @param {import('./toolbox.js').Toolbox} toolbox whose colour picker works on it, too */
  constructor(root, toolbox) {
    this.image = /** @type {HTMLImageElement} */ (find(root, '#picture'));
    this.#words = this.image.alt;
    this.image.addEventListener('pointerdown', (event) => {
      if (toolbox.tool?.name === 'picker' && !this.blank) toolbox.work().pick(this.#colourAt(event));
    });
  }

  get blank() {
    return this.image.dataset.blank === 'true';
  }

  /** The sheet is blank, so there is no picture. */
  empty() {
    this.image.dataset.blank = 'true';
    this.image.alt = '';
    this.stale();
  }

  /** The drawing or the look has changed since this picture. */
  stale() {
    this.image.dataset.final = 'false';
  }

  /** @param {string} address @param {number} frame of the drawing @param {boolean} last whether no other will follow */
  show(address, frame, last) {
    this.image.src = address;
    this.image.dataset.frame = String(frame);
    this.image.dataset.final = String(last);
    this.image.dataset.blank = 'false';
    this.image.alt = this.#words;
  }

  /** @param {PointerEvent} event */
  #colourAt({ clientX, clientY }) {
    const box = this.image.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top].map((at) => Math.floor((at * SIDE) / box.width));
    const { data } = squared(this.image, SIDE, '#ffffff', false);
    const at = 4 * (y * SIDE + x);
    return (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  }
}
