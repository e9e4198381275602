// The look of the picture: the seed of the dropout, and how much it drops.

import { find } from './dom.js';
import { LARGEST_SEED } from './rules.js';

const DICE = 1e6; // seeds that the dice can roll

export class Look {
  /** Dropout rate that the visitor chose; null for that of training. */
  rate = /** @type {number | null} */ (null);
  #seed = 0;
  #trained = 0;
  #seedInput;
  #rateInput;
  #onChange;

  /** @param {HTMLElement} root @param {() => void} onChange is called when the visitor chooses another look */
  constructor(root, onChange) {
    this.#onChange = onChange;
    this.#seedInput = /** @type {HTMLInputElement} */ (find(root, '#seed'));
    this.#rateInput = /** @type {HTMLInputElement} */ (find(root, '#rate'));
    this.#seedInput.addEventListener('change', () => this.choose(Number(this.#seedInput.value)));
    find(root, '#dice').addEventListener('click', () => this.choose(Math.floor(Math.random() * DICE)));
    this.#rateInput.addEventListener('change', () => {
      this.rate = Number(this.#rateInput.value);
      onChange();
    });
  }

  get seed() {
    return this.#seed;
  }

  set seed(value) {
    this.#seed = Math.max(0, Math.min(LARGEST_SEED, Math.floor(value) || 0));
    this.#seedInput.value = String(this.#seed);
  }

  /** As the visitor's own choice. @param {number} seed */
  choose(seed) {
    this.seed = seed;
    this.#onChange();
  }

  /** @param {number | null} rate */
  differ(rate) {
    this.rate = rate;
    this.#rateInput.value = String(rate ?? this.#trained);
  }

  /** Show a model's own dropout rate, unless the visitor chose another. @param {number} rate */
  trainedAt(rate) {
    this.#trained = rate;
    this.differ(this.rate);
  }
}
