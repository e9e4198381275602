// Links, which carry after the '#' all that a picture depends on.

import { filled } from './dom.js';
import { LARGEST_RATE } from './rules.js';

/** @param {import('./store.js').Work} work */
export function linkTo({ model, seed, drawing, rate, by }) {
  const link = new URL(location.pathname, location.origin);
  const parts = new URLSearchParams({ model, seed: String(seed) });
  if (typeof rate === 'number') parts.set('rate', String(rate));
  if (by) parts.set('by', by);
  parts.set('drawing', drawing);
  link.hash = parts.toString();
  return link.href;
}

/** What the page's address asks for. @returns {Partial<import('./store.js').Work>} */
export function asked() {
  const wanted = new URLSearchParams(location.hash.slice(1) || location.search);
  const [seed, rate, by] = ['seed', 'rate', 'by'].map((name) => wanted.get(name) ?? '');
  return {
    model: wanted.get('model') ?? undefined,
    seed: /^\d{1,10}$/.test(seed) ? Number(seed) : undefined,
    drawing: wanted.get('drawing') ?? undefined,
    rate: /^[01](\.\d{1,6})?$/.test(rate) ? Math.min(Number(rate), LARGEST_RATE) : null,
    by: by === 'device' || by === 'server' ? by : null,
  };
}

/** Let the address tell of no drawing any more, since the one here has changed. */
export function forgetLink() {
  const here = new URL(location.href);
  const said = ['model', 'seed', 'drawing', 'rate', 'by'].filter((name) => here.searchParams.has(name));
  if (!here.hash && !said.length) return;
  here.hash = '';
  for (const name of said) here.searchParams.delete(name);
  window.history.replaceState(window.history.state, '', here);
}

/**
 * Share by the device's own menu, or copy the link.
 * @param {string} link @param {Record<string, string>} texts @param {boolean} taught whether its model was taught on this page
 * @returns {Promise<string>} message for the visitor
 */
export async function share(link, texts, taught) {
  if (navigator.share) {
    try {
      await navigator.share({ title: texts.share_subject, url: link });
      return '';
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return '';
    }
  }
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    if (!copied(link)) return filled(texts.no_clipboard, { link });
  }
  return taught ? texts.copied_link_taught : texts.copied_link;
}

/** Copy a text as from a text field, which also works where a page may not use the clipboard, as without https. @param {string} text */
function copied(text) {
  const field = document.createElement('textarea');
  const focused = document.activeElement;
  field.value = text;
  field.style.position = 'fixed';
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}
