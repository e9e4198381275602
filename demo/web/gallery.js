// The cards of the models, and the examples of the chosen one.

import { filled, find, pictureButton, radioGroup, reveal } from './dom.js';

/** @typedef {import('./main.js').Model} Model */

export class Gallery {
  #root;
  #models;
  #texts;
  #icons;
  #place;
  #radio;

  /**
   * @param {HTMLElement} root @param {Record<string, Model>} models @param {Record<string, string>} texts
   * @param {Record<string, string>} icons @param {(model: string) => void} use
   */
  constructor(root, models, texts, icons, use) {
    this.#root = root;
    this.#models = models;
    this.#texts = texts;
    this.#icons = icons;
    this.#place = find(root, '.cards');
    this.#radio = radioGroup(
      this.#place, (card) => use(card.dataset.model ?? ''), (card) => Boolean(models[card.dataset.model ?? '']?.cost),
    );
    this.#place.replaceChildren(...Object.keys(models).map((name) => this.#card(name)));
    new ResizeObserver(() => {
      const checked = /** @type {HTMLElement | null} */ (this.#place.querySelector('[aria-checked=true]'));
      if (checked) reveal(checked);
    }).observe(this.#place); // also when the tab opens
  }

  /** @param {string} name */
  check(name) {
    this.#radio.check((card) => card.dataset.model === name);
  }

  /** Show the card of a model, in place of an older one. @param {string} name @param {string} chosen the checked model */
  show(name, chosen) {
    const old = this.find(name);
    if (old) old.replaceWith(this.#card(name));
    else this.#place.append(this.#card(name));
    this.check(chosen);
  }

  /** @param {string} name */
  remove(name) {
    this.find(name)?.remove();
  }

  /** @param {string} name @returns {HTMLElement | null} */
  find(name) {
    return this.#place.querySelector(`[data-model="${CSS.escape(name)}"]`);
  }

  /** A model's examples below the sheet. @param {string} name @param {(example: Model['examples'][0]) => void} load */
  examples(name, load) {
    find(this.#root, '.examples > div').replaceChildren(
      ...this.#models[name].examples.map((example) => {
        const each = pictureButton(filled(this.#texts.start_from, example), example.image);
        each.dataset.example = example.name;
        each.addEventListener('click', () => load(example));
        return each;
      }),
    );
  }

  #card(/** @type {string} */ name) {
    const { title, code, preview, cost } = this.#models[name];
    const words = filled(this.#texts.model_card, { title, code: cost ? `${code}, ${cost}` : code });
    const card = pictureButton(words, preview ?? undefined);
    card.dataset.model = name;
    if (!preview) card.insertAdjacentHTML('beforeend', `<span class="blank">${this.#icons.sparkles}</span>`);
    const lines = document.createElement('span');
    lines.innerHTML = '<b></b><small></small>';
    find(lines, 'b').textContent = title;
    find(lines, 'small').textContent = cost || code;
    card.append(lines);
    return card;
  }
}
