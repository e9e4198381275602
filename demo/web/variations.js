// Variations: a strip of other samples of the drawing, and a map of where they differ. A model whose samples are nearly
// the same shows the drawing in other colours instead.

import { filled, find, pictureButton } from './dom.js';
import { Trouble } from './engines.js';
import { LOOKS } from './rules.js';

/**
 * @typedef {{ model: string, seed: number, rate: number | null, steady: boolean }} Current
 * @typedef {Current & { drawing: import('./packing.js').Layers }} Asked
 */

const MOST_PAINTED = 0.3; // share of bare paper below which painted areas get new colours too

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function same(a, b) {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {HTMLImageElement} studio.picture
 * @param {import('./chooser.js').Chooser} studio.engine
 * @param {Record<string, string>} studio.texts
 * @param {(line: string) => void} studio.toast
 * @param {() => Current} studio.current
 * @param {() => number[][]} studio.materials of the model; see `harmony` in colours.js
 * @param {(seed: number) => void} studio.adopt uses the look of a variation.
 */
export function variations(root, { sheet, picture, engine, texts, toast, current, materials, adopt }) {
  const strip = find(root, '.variations');
  const more = /** @type {HTMLButtonElement} */ (find(root, '#variations'));
  const unsure = find(root, '#unsure');
  const map = /** @type {HTMLImageElement} */ (find(root, '.unsure'));
  let beneath = ''; // the picture that a preview hides
  let filling = 0; // counts the times that the strip was emptied or filled anew
  let sampled = /** @type {(Asked & { unsure: string }) | null} */ (null);

  /** Whether the strip shows this drawing. For a steady model, its colours do not matter. */
  const fresh = () => {
    if (!sampled) return false;
    const { model, rate, steady } = current();
    const { lines, paint } = sampled.drawing;
    return model === sampled.model && rate === sampled.rate && same(lines, sheet.lines) && (steady || same(paint, sheet.paint));
  };

  /** Dim the strip when the drawing has moved on. */
  const mark = () => {
    if (sampled && sheet.blank) clear();
    if (sampled) strip.classList.toggle('old', !fresh());
  };

  const hideUnsure = () => {
    unsure.setAttribute('aria-checked', 'false');
    map.hidden = true;
  };

  const preview = (/** @type {string} */ image) => {
    if (strip.classList.contains('old')) return;
    beneath ||= picture.src;
    picture.src = image;
  };
  const back = () => {
    if (beneath) picture.src = beneath;
    beneath = '';
  };

  const clear = () => {
    const { steady } = current();
    back();
    filling += 1;
    sampled = null;
    strip.classList.remove('old');
    const words = document.createElement('p');
    words.textContent = steady ? texts.colourings_empty : texts.variations_empty;
    strip.replaceChildren(words);
    find(more, 'span').textContent = steady ? texts.colourings : texts.variations;
    more.setAttribute('aria-label', steady ? texts.colourings : texts.variations);
    more.title = steady ? texts.colourings_title : texts.variations_title;
    hideUnsure();
  };

  /** @param {string} words @param {string} image @param {() => void} take */
  const thumbnail = (words, image, take) => {
    const each = pictureButton(words, image);
    each.addEventListener('pointerenter', () => preview(image));
    each.addEventListener('pointerleave', back);
    each.addEventListener('click', () => { back(); take(); });
    return each;
  };

  /** Show the drawing in other colours, one after the other. @param {Asked} wish */
  const colour = async (wish) => {
    const { model, seed, rate, drawing } = wish;
    const mine = (filling += 1);
    for (let set = 1; set <= LOOKS; set++) {
      const other = sheet.as(sheet.kind);
      other.take(drawing);
      if (!other.colourIt(seed + set, materials(), MOST_PAINTED)) {
        toast(texts.nothing_enclosed);
        return;
      }
      const found = await engine.variations(other, { model, seed, rate, final: true }, 1);
      if (mine !== filling) return;
      const each = thumbnail(filled(texts.colouring, { number: set }), found.pictures[0].image, () => {
        sheet.remember();
        sheet.take(other);
        sheet.changed();
      });
      if (set > 1) {
        strip.append(each);
      } else {
        back();
        strip.replaceChildren(each);
        sampled = { ...wish, unsure: '' };
      }
      mark();
    }
  };

  /** Show samples of the drawing. @param {Asked} wish */
  const vary = async (wish) => {
    const { model, seed, rate } = wish;
    const mine = (filling += 1);
    const found = await engine.variations(sheet, { model, seed, rate, final: true });
    if (mine !== filling) return;
    back();
    strip.replaceChildren(
      ...found.pictures.map(({ image, seed: under }) => thumbnail(filled(texts.variation, { seed: under }), image, () => adopt(under))),
    );
    if (found.alike) toast(rate === 0 ? texts.alike_off : texts.alike);
    sampled = { ...wish, unsure: found.unsure };
    mark();
  };

  const show = async () => {
    if (sheet.blank) {
      toast(texts.draw_first);
      return;
    }
    more.disabled = true;
    try {
      const wish = { ...current(), drawing: sheet.copy() };
      await (wish.steady ? colour(wish) : vary(wish));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      toast(error.message);
    } finally {
      more.disabled = false;
    }
  };
  more.addEventListener('click', show);

  unsure.addEventListener('click', async () => {
    const on = unsure.getAttribute('aria-checked') !== 'true';
    hideUnsure();
    if (!on) return;
    if (!fresh()) await show();
    if (!sampled || !fresh()) return;
    map.src = sampled.unsure;
    map.hidden = false;
    unsure.setAttribute('aria-checked', 'true');
  });

  return {
    mark,
    clear,
    hideUnsure,
    /** A new picture has taken the place of a preview. */
    arrived: () => { beneath = ''; },
  };
}
