// Drawings put aside: models of one kind share a drawing, and it comes back with them.

import { parse } from './colours.js';

/** @typedef {import('./main.js').Model} Model */

/** Which drawings a model takes: areas of a palette, or lines. @param {Model} model */
const kindOf = ({ palette }) => (palette ? palette.map(([, value]) => value).join(' ') : 'lines');

/** Whether two models take the same drawings. @param {Model} one @param {Model} other */
export const alike = (one, other) => kindOf(one) === kindOf(other);

export class Shelves {
  /** @type {Map<string, { done: any[], undone: any[], layers: import('./packing.js').Layers }>} */
  #aside = new Map();

  /**
   * Hand the sheet from one model to another.
   * @param {import('./sheet.js').Sheet} sheet @param {Model} from @param {Model} to
   * @returns {boolean} whether another drawing is on it now
   */
  hand(sheet, from, to) {
    const same = alike(from, to);
    if (!same) this.#aside.set(kindOf(from), { done: sheet.done, undone: sheet.undone, layers: sheet.copy() });
    sheet.kind = to.input;
    sheet.palette = to.palette?.map(([, value]) => parse(value)) ?? [];
    sheet.paper = parse(to.ground);
    if (same) return false;
    const mine = this.#aside.get(kindOf(to));
    [sheet.done, sheet.undone] = [mine?.done ?? [], mine?.undone ?? []];
    if (mine) sheet.take(mine.layers);
    else sheet.wipe();
    sheet.fresh();
    return true;
  }
}
