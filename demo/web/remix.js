// Remix: one drawing through all models that take such drawings, in a row.

import { find, pictureButton } from './dom.js';
import { Trouble } from './engines.js';

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {import('./chooser.js').Chooser} studio.engine
 * @param {Record<string, import('./main.js').Model>} studio.models
 * @param {Record<string, string>} studio.texts
 * @param {(line: string) => void} studio.toast
 * @param {() => { names: string[], seed: number }} studio.current the models that take what is on the sheet, and the seed.
 * @param {(name: string) => void} studio.use picks a model.
 */
export function remix(root, { sheet, engine, models, texts, toast, current, use }) {
  const dialog = /** @type {HTMLDialogElement} */ (find(root, '#remixes'));
  const row = find(dialog, '.row');

  find(root, '#remix').addEventListener('click', async () => {
    if (sheet.blank) {
      toast(texts.draw_first);
      return;
    }
    const { names, seed } = current();
    row.replaceChildren();
    dialog.showModal();
    for (const name of names) {
      try {
        const found = await engine.variations(sheet.as(models[name].input), { model: name, seed, rate: null, final: true }, 1);
        if (!dialog.open) return;
        const each = pictureButton(models[name].title, found.pictures[0].image);
        each.append(models[name].title);
        each.addEventListener('click', () => {
          dialog.close();
          use(name);
        });
        row.append(each);
      } catch (error) {
        if (!(error instanceof Trouble)) throw error;
      }
    }
  });
}
