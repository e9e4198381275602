// The download menu, and the replay of a drawing as a film.

import { find } from './dom.js';
import { card, enlarged } from './pictures.js';

const KEPT = 60_000; // ms that a film's address works on after its window is closed, for a download under way

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {HTMLImageElement} studio.picture with the attributes of `Translation`
 * @param {import('./replay.js').Film} studio.film
 * @param {Record<string, string>} studio.texts
 * @param {(line: string) => void} studio.toast
 * @param {() => string} studio.title the model's, for the name under a card.
 */
export function saving(root, { sheet, picture, film, texts, toast, title }) {
  const saves = /** @type {Record<string, () => unknown>} */ ({
    512: () => save(enlarged(picture, 512).toDataURL(), 'pix2pix.png'),
    1024: () => save(enlarged(picture, 1024).toDataURL(), 'pix2pix-1024.png'),
    drawing: () => save(enlarged(sheet.canvas, 512, false).toDataURL(), 'drawing.png'),
    card: () => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [1024, 560];
      card(canvas, sheet.canvas, picture, `${title()} · pix2pix`);
      save(canvas.toDataURL(), 'pix2pix-card.png');
    },
    copy: async () => {
      const blob = await (await fetch(picture.src)).blob();
      await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    },
  });
  const saveAs = async (/** @type {string} */ kind) => {
    if (sheet.blank) {
      toast(texts.draw_first);
      return;
    }
    if (kind !== 'drawing' && picture.dataset.final !== 'true') {
      toast(texts.not_ready); // what is there is the picture of an earlier drawing, or none
      return;
    }
    try {
      await saves[kind]();
      toast(kind === 'copy' ? texts.copied : texts.saved);
    } catch {
      toast(texts.no_copy);
    }
  };
  find(root, '#download').addEventListener('click', () => saveAs('512'));
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-save]'))) {
    each.addEventListener('click', () => saveAs(each.dataset.save ?? ''));
  }

  find(root, '#replay').addEventListener('click', async () => {
    if (!film.moments.length) {
      toast(texts.draw_first);
      return;
    }
    const dialog = /** @type {HTMLDialogElement} */ (find(root, '#film'));
    const words = find(dialog, 'p');
    dialog.showModal();
    const button = find(dialog, '#film-save');
    button.hidden = true;
    words.textContent = texts.film_making;
    const closing = new AbortController();
    dialog.addEventListener('close', () => closing.abort(), { once: true });
    const canvas = /** @type {HTMLCanvasElement} */ (find(dialog, 'canvas'));
    const blob = await film.record(canvas, `${title()} · pix2pix`, closing.signal).catch(() => null);
    if (closing.signal.aborted) return;
    words.textContent = blob ? texts.film_ready : texts.no_film;
    button.hidden = !blob;
    if (!blob) return;
    button.focus();
    const url = URL.createObjectURL(blob);
    closing.signal.addEventListener('abort', () => setTimeout(() => URL.revokeObjectURL(url), KEPT));
    button.onclick = () => save(url, blob.type.startsWith('video/mp4') ? 'pix2pix.mp4' : 'pix2pix.webm');
  });
}

/** @param {string} url @param {string} name */
function save(url, name) {
  const link = document.createElement('a');
  [link.href, link.download] = [url, name];
  link.click();
}
