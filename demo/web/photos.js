// Pictures for the sheet, from a file, a drop or the clipboard.

import { enclosed } from './areas.js';
import { filled, find, picked } from './dom.js';
import { Trouble } from './engines.js';
import { squared } from './pictures.js';
import { SIDE } from './rules.js';
import { drawn, whiteOnNothing } from './sheet.js';
import { hex } from './colours.js';

const SENT = 400; // pixels of a picture's longer side, so that any fits into a message

/**
 * @param {HTMLElement} root @param {import('./sheet.js').Sheet} sheet @param {import('./engines.js').Engine} engine
 * @param {Record<string, string>} texts @param {(words: string) => void} tell
 * @param {() => void} before is called before a picture takes the place of the drawing
 */
export function photos(root, sheet, engine, texts, tell, before) {
  const panel = find(root, '.photo');
  const threshold = /** @type {HTMLInputElement} */ (find(root, '[data-threshold]'));
  const colours = /** @type {HTMLInputElement} */ (find(root, '[data-colours]'));
  const kind = /** @type {HTMLSelectElement} */ (find(root, '[data-taken]'));
  let photo = /** @type {{ image: ImageData, url: string } | null} */ (null);
  let asked = 0;
  let touched = false; // whether something was drawn while its lines were looked for

  const leave = () => {
    photo = null;
    asked += 1;
    panel.hidden = true;
  };

  // A stroke on the photo's lines ends their settings, which would draw them again without it.
  sheet.beforeStep(() => {
    touched = true;
    if (!panel.hidden) leave();
  });

  /** @param {import('./engines.js').PictureKind | 'auto'} taken */
  const take = async (taken) => {
    if (!photo) return;
    const mine = (asked += 1);
    const { url, image } = photo;
    try {
      const found = await engine.lines(url, Number(threshold.value), taken);
      const lines = await createImageBitmap(await (await fetch(found.image)).blob());
      if (mine !== asked) return;
      if (touched) sheet.remember();
      touched = false;
      sheet.draw(squared(lines, SIDE, hex(sheet.paper), false));
      kind.value = found.kind;
      panel.hidden = false;
      find(panel, '.fewer').hidden = found.kind !== 'scene';
      find(panel, '.keep-colours').hidden = sheet.kind !== 'paint' || found.kind !== 'scene';
      if (taken === 'auto' && found.kind === 'paper') tell(texts.found_paper);
      if (taken === 'auto' && found.kind === 'light lines') tell(texts.found_light);
      if (sheet.kind === 'paint' && colours.checked && found.kind === 'scene') {
        for (const pixels of enclosed(sheet.lines, SIDE, 1)) {
          const sums = [0, 0, 0];
          for (const at of pixels) for (let c = 0; c < 3; c++) sums[c] += image.data[4 * at + c];
          const [r, g, b] = sums.map((sum) => Math.round(sum / pixels.length));
          for (const at of pixels) sheet.paint[at] = (r << 16) | (g << 8) | b;
        }
      }
      sheet.changed();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      tell(error.message);
    }
  };

  /** @param {Blob} blob @param {string} name @param {boolean} [mayBePhoto] */
  const put = async (blob, name, mayBePhoto = true) => {
    let picture;
    try {
      picture = await createImageBitmap(blob);
    } catch {
      tell(filled(texts.not_a_picture, { name }));
      return;
    }
    const image = squared(picture, SIDE, hex(sheet.paper), sheet.kind !== 'labels');
    leave();
    before();
    sheet.remember();
    touched = false;
    sheet.fresh();
    const clear = drawn(image, sheet.kind) && !whiteOnNothing(squared(picture, SIDE, 'transparent', true));
    if (mayBePhoto && sheet.kind !== 'labels' && !clear) {
      const canvas = document.createElement('canvas');
      const scale = Math.min(1, SENT / Math.max(picture.width, picture.height));
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
      context.imageSmoothingQuality = 'high';
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      photo = { image, url: canvas.toDataURL('image/png') };
      await take('auto');
      return;
    }
    sheet.draw(image);
    sheet.changed();
  };
  for (const each of [threshold, colours, kind]) {
    each.addEventListener('change', () => take(/** @type {import('./engines.js').PictureKind} */ (kind.value)));
  }

  picked(root, 'upload', (file) => put(file, file.name));
  find(root, '#upload').addEventListener('click', () => find(root, '[data-file=upload]').click());

  const here = () => root.getClientRects().length > 0;
  document.addEventListener('dragover', (event) => here() && event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (!here()) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) put(file, file.name);
  });
  document.addEventListener('paste', (event) => {
    const file = here() && !document.querySelector('dialog[open]') && [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file) put(file, file.name);
  });
  return { put, leave };
}
