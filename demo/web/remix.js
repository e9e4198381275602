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
 * @param {() => { name: string, seed: number }[]} studio.current the models that take what is on the sheet, each with the
 *   seed that it begins with.
 * @param {(name: string) => void} studio.use picks a model.
 */
export function remix(root, { sheet, engine, models, texts, toast, current, use }) {
  const dialog = /** @type {HTMLDialogElement} */ (find(root, '#remixes'));
  const row = find(dialog, '.row');

  let opened = 0;

  find(root, '#remix').addEventListener('click', async () => {
    if (sheet.blank) {
      toast(texts.draw_first);
      return;
    }
    const mine = (opened += 1);
    let trouble = '';
    row.replaceChildren();
    dialog.showModal();
    for (const { name, seed } of current()) {
      try {
        const found = await engine.variations(sheet.as(models[name].input), { model: name, seed, rate: null, final: true }, 1);
        if (!dialog.open || mine !== opened) return;
        const each = pictureButton(models[name].title, found.pictures[0].image);
        each.append(models[name].title);
        each.addEventListener('click', () => {
          dialog.close();
          use(name);
        });
        row.append(each);
      } catch (error) {
        if (!(error instanceof Trouble)) throw error;
        if (!dialog.open || mine !== opened) return;
        trouble = error.message;
      }
    }
    if (row.children.length) return;
    dialog.close();
    toast(trouble);
  });
}
