// Variations: a strip of other samples of the drawing, and a map of where they differ.

import { filled, find, pictureButton } from './dom.js';
import { Trouble } from './engines.js';

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {HTMLImageElement} studio.picture
 * @param {import('./chooser.js').Chooser} studio.engine
 * @param {Record<string, string>} studio.texts
 * @param {(line: string) => void} studio.toast
 * @param {() => { model: string, seed: number, rate: number | null }} studio.current
 * @param {(seed: number) => void} studio.adopt uses the look of a variation.
 */
export function variations(root, { sheet, picture, engine, texts, toast, current, adopt }) {
  const strip = find(root, '.variations');
  const more = /** @type {HTMLButtonElement} */ (find(root, '#variations'));
  const unsure = find(root, '#unsure');
  const map = /** @type {HTMLImageElement} */ (find(root, '.unsure'));
  let sampled = /** @type {{ key: string, unsure: string } | null} */ (null);

  const key = () => `${current().model} ${current().rate} ${sheet.png()}`;

  /** Dim the strip when the drawing has moved on. */
  const mark = () => {
    if (sampled) strip.classList.toggle('old', sampled.key !== key());
  };

  const hideUnsure = () => {
    unsure.setAttribute('aria-checked', 'false');
    map.hidden = true;
  };

  const clear = () => {
    sampled = null;
    strip.classList.remove('old');
    const words = document.createElement('p');
    words.textContent = texts.variations_empty;
    strip.replaceChildren(words);
    hideUnsure();
  };

  const thumbnail = (/** @type {string} */ image, /** @type {number} */ seed) => {
    const each = pictureButton(filled(texts.variation, { seed }), image);
    let before = '';
    const preview = () => { before ||= picture.src; picture.src = image; };
    const back = () => { if (before) picture.src = before; before = ''; };
    each.addEventListener('pointerenter', preview);
    each.addEventListener('pointerleave', back);
    each.addEventListener('click', () => { back(); adopt(seed); });
    return each;
  };

  const vary = async () => {
    if (sheet.blank) {
      toast(texts.draw_first);
      return null;
    }
    const { model, seed, rate } = current();
    const asked = key();
    more.disabled = true;
    try {
      const found = await engine.variations(sheet, { model, seed, rate, final: true });
      if (model !== current().model) return null;
      sampled = { key: asked, unsure: found.unsure };
      strip.replaceChildren(...found.pictures.map(({ image, seed: under }) => thumbnail(image, under)));
      if (found.alike) toast(rate === 0 ? texts.alike_off : texts.alike);
      mark();
      return sampled;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      toast(error.message);
      return null;
    } finally {
      more.disabled = false;
    }
  };
  more.addEventListener('click', vary);

  unsure.addEventListener('click', async () => {
    const on = unsure.getAttribute('aria-checked') !== 'true';
    hideUnsure();
    if (!on) return;
    const found = sampled?.key === key() ? sampled : await vary();
    if (!found) return;
    map.src = found.unsure;
    map.hidden = false;
    unsure.setAttribute('aria-checked', 'true');
  });

  return { mark, clear, hideUnsure };
}
