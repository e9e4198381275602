// The tabs of the page: a reload comes back to the one that was open.

const ROOM = 'pix2pix room';
const TABS = '#rooms button[role="tab"]';

/** Go to the tab where people draw. */
export function openStudio() {
  /** @type {HTMLElement | null} */ (document.querySelector(TABS))?.click();
}

/** The tab with a title. @param {string} title */
export const room = (title) =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll(TABS)]).find((tab) => tab.textContent?.trim() === title);

/** @param {string} title */
export const openRoom = (title) => room(title)?.click();

/** @param {boolean} back whether to go back to the tab of before */
export function keepRoom(back) {
  document.addEventListener('click', ({ target }) => {
    const tab = /** @type {Element} */ (target).closest(TABS);
    try {
      if (tab) sessionStorage.setItem(ROOM, tab.textContent?.trim() ?? '');
    } catch { /* forbidden: a reload opens the first tab */ }
  });
  if (!back) return;
  let wanted = null;
  try {
    wanted = sessionStorage.getItem(ROOM);
  } catch { /* forbidden */ }
  const tab = room(wanted ?? '');
  if (tab?.getAttribute('aria-selected') !== 'true') tab?.click();
}
