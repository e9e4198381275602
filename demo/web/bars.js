// The bar below the sheet: undo, redo, clear, mirror, and "Colour it for me"; and the panel of sliders of upright screens.

import { find } from './dom.js';

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {import('./toolbox.js').Toolbox} studio.toolbox
 * @param {() => void} studio.leave ends the settings of a photo
 * @param {() => void} studio.colour fills the drawing's areas with colours that go together
 */
export function sheetBar(root, { sheet, toolbox, leave, colour }) {
  const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (find(root, `#${id}`));
  const drop = () => {
    leave();
    toolbox.tool?.drop?.(toolbox.work());
  };
  const undo = () => {
    leave();
    if (!toolbox.tool?.undo?.(toolbox.work())) sheet.undo();
  };
  const redo = () => {
    drop();
    sheet.redo();
  };
  button('undo').addEventListener('click', undo);
  button('redo').addEventListener('click', redo);
  button('clear').addEventListener('click', () => {
    drop();
    sheet.clear();
  });
  button('mirror').addEventListener('click', () => {
    sheet.mirror = !sheet.mirror;
    button('mirror').setAttribute('aria-pressed', String(sheet.mirror));
    find(root, '.easel').toggleAttribute('data-mirror', sheet.mirror);
  });
  button('colour-it').addEventListener('click', colour);
  return {
    undo,
    redo,
    drop,
    show() {
      // Not `disabled`, which would drop the keyboard's focus when nothing is left to undo.
      button('undo').setAttribute('aria-disabled', String(!sheet.done.length));
      button('redo').setAttribute('aria-disabled', String(!sheet.undone.length));
    },
  };
}

/** @param {HTMLElement} root */
export function settingsPanel(root) {
  const button = find(root, '#settings');
  const show = (/** @type {boolean} */ open) => {
    button.setAttribute('aria-expanded', String(open));
    find(root, '.studio').classList.toggle('settings', open);
  };
  button.addEventListener('click', () => show(button.getAttribute('aria-expanded') !== 'true'));
  root.addEventListener('pointerdown', ({ target }) => {
    if (!(/** @type {Element} */ (target).closest('#settings, .size, .look'))) show(false);
  });
  root.addEventListener('keydown', ({ key, target }) => {
    if (key !== 'Escape' || button.getAttribute('aria-expanded') !== 'true') return;
    if (/** @type {Element} */ (target).closest('.size, .look')) button.focus();
    show(false);
  });
}
