// The history: what was drawn here, to go back to.

import { filled, pictureButton } from './dom.js';
import { entries } from './store.js';

/**
 * @param {HTMLElement} place @param {Record<string, import('./main.js').Model>} models
 * @param {Record<string, string>} texts @param {(entry: import('./store.js').Entry) => void} restore
 */
export function showEntries(place, models, texts, restore) {
  const found = entries().filter((entry) => models[entry.model]);
  if (!found.length) return;
  place.replaceChildren(
    ...found.map((entry) => {
      const words = filled(texts.go_back, { title: models[entry.model].title, seed: entry.seed });
      const each = pictureButton(words, entry.picture);
      each.addEventListener('click', () => restore(entry));
      return each;
    }),
  );
}
