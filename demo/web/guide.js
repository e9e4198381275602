// The help: what each button does, and the keys.

import { find } from './dom.js';

const BUTTONS = '.tools button, .sheetbar > button, #trace > summary, #colour-it, .picturebar button, .keep > button, #download, #settings';

/** @param {HTMLElement} root @param {string[][]} keys each with what it does */
export function guide(root, keys) {
  find(root, '#help').addEventListener('click', () => {
    showButtons(root);
    /** @type {HTMLDialogElement} */ (find(root, '#guide')).showModal();
  });
  find(root, '.keys').replaceChildren(
    ...keys.map(([key, what]) => {
      const row = document.createElement('div');
      row.innerHTML = '<dt></dt><dd><kbd></kbd></dd>';
      find(row, 'dt').textContent = what;
      find(row, 'kbd').textContent = key;
      return row;
    }),
  );
}

/** The buttons that are on the page just now. @param {HTMLElement} root */
function showButtons(root) {
  const buttons = [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(BUTTONS))];
  find(root, '.legend').replaceChildren(
    ...buttons.filter((button) => button.getClientRects().length).map((button) => {
      const row = document.createElement('li');
      row.innerHTML = `${button.querySelector('svg')?.outerHTML ?? ''}<span></span>`;
      find(row, 'span').textContent = button.title;
      return row;
    }),
  );
}
