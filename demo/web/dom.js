// Small helpers around the page's elements.

const TOAST = 6000; // ms that a message stays

/**
 * The element for a selector, which always exists on this page.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root @param {string} selector @returns {T}
 */
export const find = (root, selector) => /** @type {T} */ (/** @type {unknown} */ (root.querySelector(selector)));

/** @param {string} text @param {Record<string, unknown>} values */
export const filled = (text, values) => text.replace(/{(\w+)}/g, (_, name) => String(values[name]));

/** Shows messages in a place, each for a while. @param {HTMLElement} place @returns {(words: string) => void} */
export function toaster(place) {
  let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  return (words) => {
    place.textContent = words;
    place.hidden = !words;
    clearTimeout(timer);
    timer = setTimeout(() => (place.hidden = true), TOAST);
  };
}

/** @param {string} label @param {string} [image] @returns {HTMLButtonElement} */
export function pictureButton(label, image) {
  const button = document.createElement('button');
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  if (image) {
    const picture = document.createElement('img');
    picture.alt = '';
    picture.src = image;
    button.append(picture);
  }
  return button;
}

/**
 * Make buttons a radio group: one is checked, and arrow keys move between them.
 * @param {HTMLElement} group @param {(button: HTMLButtonElement) => void} pick
 * @param {(button: HTMLButtonElement) => boolean} waits which buttons arrow keys focus without picking them, because picking one is costly
 */
export function radioGroup(group, pick, waits = () => false) {
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...group.querySelectorAll('button')]);
  group.addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('button');
    if (button) pick(button);
  });
  group.addEventListener('keydown', (event) => {
    const forward = getComputedStyle(group).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const back = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    const step = { [forward]: 1, ArrowDown: 1, [back]: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const next = all[(at + step + all.length) % all.length];
    next.focus();
    if (!waits(next)) pick(next);
  });
  return {
    /** @param {(button: HTMLButtonElement) => boolean} is */
    check(is) {
      const all = buttons();
      const found = all.find(is);
      for (const button of all) {
        button.setAttribute('role', 'radio');
        button.setAttribute('aria-checked', String(button === found));
        button.tabIndex = button === (found ?? all[0]) ? 0 : -1;
      }
      if (found) reveal(found);
    },
  };
}

/** Scroll what is cut off at a side into view, but nothing up or down. @param {HTMLElement} element */
export function reveal(element) {
  let row = element.parentElement;
  while (row && row.scrollWidth <= row.clientWidth) row = row.parentElement;
  if (!row) return;
  const [box, seen] = [element.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += Math.min(0, box.left - seen.left) + Math.max(0, box.right - seen.right);
}

/** Menus close when something else is clicked, and on Esc. The focus in one stays at its button. @param {HTMLElement} root */
export function menus(root) {
  const close = (/** @type {Node | null} */ but) => {
    for (const menu of root.querySelectorAll('details.menu[open]')) {
      if (but && menu.contains(but)) continue;
      if (menu.contains(document.activeElement)) find(menu, 'summary').focus();
      menu.removeAttribute('open');
    }
  };
  document.addEventListener('pointerdown', (event) => close(/** @type {Node} */ (event.target)));
  root.addEventListener('click', (event) => {
    if (/** @type {Element} */ (event.target).closest('details.menu button')) close(null);
  });
  root.addEventListener('keydown', (event) => event.key === 'Escape' && close(null));
}

/**
 * Use each file that is picked in a field of the page.
 * @param {HTMLElement} root @param {string} name the field's @param {(file: File) => unknown} use
 */
export function picked(root, name, use) {
  const input = /** @type {HTMLInputElement} */ (find(root, `[data-file=${name}]`));
  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    if (file) await use(file);
    input.value = '';
  });
}

/** @param {Blob} blob @returns {Promise<string>} */
export const dataUrl = (blob) =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(/** @type {string} */ (reader.result));
    reader.readAsDataURL(blob);
  });
