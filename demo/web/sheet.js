// The drawing: black lines over paint, and the steps to undo. It shows itself on a canvas and reports each change.

import { bucket, enclosed, twins } from './areas.js';
import { BLACK, WHITE, channels, harmony, nearest } from './colours.js';
import { spans } from './raster.js';
import { SIDE } from './rules.js';

/** @typedef {import('./packing.js').Layers} Layers */
/** @typedef {'edges' | 'labels' | 'paint'} Kind  a model's kind of input: black lines, areas of a palette, or lines and paint */
/** @typedef {'moving' | 'done' | 'shown'} Change  under the pen, complete, or restored from elsewhere */

const UNDO_STEPS = 50;
const PIXELS = SIDE * SIDE;
const GREY_LEVEL = 0x010101; // between two greys
const FLAT_COLOURS = 24; // most colours that cover nearly all of a painting

export class Sheet {
  /** @type {Kind} */
  kind = 'edges';
  /** @type {number[]} */
  palette = [];
  paper = WHITE;
  mirror = false;
  lines = new Uint8Array(PIXELS);
  paint = new Uint32Array(PIXELS).fill(WHITE);
  /** @type {Layers[]} */
  done = [];
  /** @type {Layers[]} */
  undone = [];
  /** The steps that the last one made it impossible to redo; null if it is not the latest event. @type {Layers[] | null} */
  #redo = null;
  /** @type {((change: Change) => void)[]} */
  #listeners = [];
  /** @type {(() => void)[]} */
  #beforeSteps = [];
  /** @type {(() => void)[]} */
  #freshListeners = [];
  #context;
  #image;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    canvas.width = canvas.height = SIDE;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    this.#image = this.#context.createImageData(SIDE, SIDE);
    this.show();
  }

  /** @param {(change: Change) => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Call something before each new step, which may still take back what is under way. @param {() => void} listener */
  beforeStep(listener) {
    this.#beforeSteps.push(listener);
  }

  /** Call something when another drawing, or an empty sheet, takes the place of this one. @param {() => void} listener */
  onFresh(listener) {
    this.#freshListeners.push(listener);
  }

  /** Tell that another drawing takes the place of this one. */
  fresh() {
    for (const listener of this.#freshListeners) listener();
  }

  /** Show the layers on the canvas, and tell all listeners. @param {Change} [change] */
  changed(change = 'done') {
    this.show();
    for (const listener of this.#listeners) listener(change);
  }

  /** @returns {Layers} */
  copy() {
    return { lines: this.lines.slice(), paint: this.paint.slice() };
  }

  /** @param {Layers} layers */
  take({ lines, paint }) {
    this.lines.set(lines);
    this.paint.set(paint);
  }

  get blank() {
    const unpainted = this.kind === 'edges' || this.paint.every((colour) => colour === this.paper);
    return unpainted && this.lines.every((alpha) => alpha === 0);
  }

  /** The exact pixels that the network gets. */
  pixels() {
    return this.#context.getImageData(0, 0, SIDE, SIDE);
  }

  png() {
    return this.canvas.toDataURL('image/png');
  }

  /** A copy, as another kind of model sees it. @param {Kind} kind @returns {Sheet} */
  as(kind) {
    const other = new Sheet(document.createElement('canvas'));
    [other.kind, other.palette, other.paper] = [kind, this.palette, this.paper];
    other.take(this);
    other.show();
    return other;
  }

  /** Models of lines do not see the paint; it is kept for other models. */
  show() {
    const { data } = this.#image;
    for (let at = 0, to = 0; at < PIXELS; at++, to += 4) {
      const light = 255 - this.lines[at];
      const [r, g, b] = channels(this.kind === 'edges' ? WHITE : this.paint[at]);
      data[to] = Math.round((r * light) / 255);
      data[to + 1] = Math.round((g * light) / 255);
      data[to + 2] = Math.round((b * light) / 255);
      data[to + 3] = 255;
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  // --- steps --------------------------------------------------------------------------------------------------------

  /** Keep the current drawing, so that the next change can be undone. */
  remember() {
    this.#tellOfStep();
    this.#push(this.copy());
  }

  #tellOfStep() {
    for (const listener of this.#beforeSteps) listener();
  }

  /** @param {Layers} layers */
  #push(layers) {
    this.done.push(layers);
    if (this.done.length > UNDO_STEPS) this.done.shift();
    this.#redo = this.undone;
    this.undone = [];
  }

  /** Take back the last step, as if it had never begun. */
  forget() {
    const before = this.done.pop();
    if (before) this.take(before);
    this.#redoAsBefore();
    this.changed();
  }

  /** Drop the step that has just ended, if it changed nothing. */
  settle() {
    const before = this.done.at(-1);
    if (!this.#redo || !before || !this.#equals(before)) return;
    this.done.pop();
    this.#redoAsBefore();
  }

  #redoAsBefore() {
    if (this.#redo) this.undone = this.#redo;
    this.#redo = null;
  }

  /** @param {Layers} other */
  #equals({ lines, paint }) {
    return this.paint.every((value, at) => value === paint[at] && this.lines[at] === lines[at]);
  }

  undo() {
    return this.#step(this.done, this.undone);
  }

  redo() {
    return this.#step(this.undone, this.done);
  }

  /** @param {Layers[]} from @param {Layers[]} to */
  #step(from, to) {
    const layers = from.pop();
    if (!layers) return false;
    to.push(this.copy());
    this.#redo = null;
    this.take(layers);
    this.changed();
    return true;
  }

  wipe() {
    this.lines.fill(0);
    this.paint.fill(this.paper);
  }

  clear() {
    if (this.blank) return;
    this.remember();
    this.wipe();
    this.fresh();
    this.changed();
  }

  // --- marks --------------------------------------------------------------------------------------------------------

  /**
   * The span that a tool draws with. Where lines lie on paint, black is a line, and any other colour is paint under them.
   * @param {number | null} colour null erases
   * @returns {import('./raster.js').Span}
   */
  brush(colour) {
    return spans(SIDE, this.#writer(colour), this.mirror);
  }

  /** @param {number | null} colour */
  #writer(colour) {
    if (colour === null) {
      return (/** @type {number} */ from, /** @type {number} */ to) => {
        this.lines.fill(0, from, to);
        this.paint.fill(this.paper, from, to);
      };
    }
    if (this.kind !== 'labels' && colour === BLACK) {
      return (/** @type {number} */ from, /** @type {number} */ to) => this.lines.fill(255, from, to);
    }
    return (/** @type {number} */ from, /** @type {number} */ to) => this.paint.fill(colour, from, to);
  }

  /**
   * Empty a bucket. In a drawing of lines alone it fills with black; elsewhere with paint, under the lines.
   * @param {import('./raster.js').Point} point @param {number} colour
   * @returns {boolean} whether anything changed
   */
  fill({ x, y }, colour) {
    this.#tellOfStep();
    const before = this.copy();
    const layered = this.kind === 'paint';
    for (const column of this.mirror ? [x, SIDE - 1 - x] : [x]) {
      const start = y * SIDE + column;
      if (this.kind === 'edges') {
        for (const at of bucket(start, this.lines, null, SIDE)) this.lines[at] = 255;
      } else {
        for (const at of bucket(start, this.paint, layered ? this.lines : null, SIDE)) this.paint[at] = colour;
      }
    }
    if (this.#equals(before)) return false;
    this.#push(before);
    return true;
  }

  /**
   * Paint the areas that lines enclose, in colours that go together. Painted areas stay as they are, unless all are painted.
   * @param {number} seed @param {number[][]} [materials] see `harmony`
   * @param {number} [least] share of bare paper within the lines below which painted areas change, too
   * @returns {boolean} whether there is such an area
   */
  colourIt(seed, materials, least = 0) {
    const found = enclosed(this.lines, SIDE);
    if (!found.length) return false;
    let bare = found.filter((pixels) => pixels.filter((at) => this.paint[at] === this.paper).length > pixels.length / 2);
    if (bare.flat().length < least * found.flat().length) bare = [];
    const groups = twins(bare.length ? bare : found, SIDE);
    const colours = harmony(groups.length, seed, materials);
    this.remember();
    for (const [i, group] of groups.entries()) {
      for (const at of group.flat()) this.paint[at] = colours[i];
    }
    this.changed();
    return true;
  }

  // --- pictures from elsewhere --------------------------------------------------------------------------------------

  /** Draw a picture's pixels, RGBA, of the sheet's size. @param {{ data: Uint8ClampedArray }} image */
  draw({ data }) {
    const labels = holdsNumbers(data, this.palette) ? this.palette : [];
    for (let at = 0, from = 0; at < PIXELS; at++, from += 4) {
      const [r, g, b] = [data[from], data[from + 1], data[from + 2]];
      const colour = (r << 16) | (g << 8) | b;
      const light = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      const grey = Math.max(r, g, b) - Math.min(r, g, b) < 32;
      const line = this.kind === 'edges' || (this.kind === 'paint' && grey && light < 96);
      this.lines[at] = line ? 255 - light : 0;
      if (this.kind === 'labels') this.paint[at] = labels[colour / GREY_LEVEL] ?? nearest(colour, this.palette);
      else this.paint[at] = line ? WHITE : colour;
    }
  }
}

/**
 * Whether a label map holds the numbers of its labels, as segmentation tools write them: greys below their count. The
 * margin around it has a label's colour.
 * @param {Uint8ClampedArray} data @param {number[]} palette
 */
function holdsNumbers(data, palette) {
  let some = false;
  for (let at = 0; at < data.length; at += 4) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    if (palette.includes(colour)) continue;
    if (colour % GREY_LEVEL || colour / GREY_LEVEL >= palette.length) return false;
    some = true;
  }
  return some;
}

/**
 * Whether a picture is a drawing as it stands: lines or flat black on white, grey only where a line's side is soft. Of
 * pictures that are not, the server finds the lines; it has the same rule, in pix2pix/pictures/drawings.py. A painting
 * may have colours, if they are few and lie flat on white.
 * @param {ImageData} image @param {Kind} kind of the model it is for
 */
export function drawn({ data, width }, kind) {
  const pixels = data.length / 4;
  const grey = new Uint8Array(pixels);
  let [white, black, coloured, inner] = [0, 0, 0, 0];
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let at = 0, from = 0; at < pixels; at++, from += 4) {
    const [r, g, b] = [data[from], data[from + 1], data[from + 2]];
    const [low, high] = [Math.min(r, g, b), Math.max(r, g, b)];
    white += Number(low > 230);
    black += Number(high < 85);
    coloured += Number(high - low > 40);
    grey[at] = Number(high > 60 && low < 230);
    const colour = (r << 16) | (g << 8) | b;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const greyOnBlack = black > 0.5 * pixels && coloured < 0.005 * pixels;
  if (kind === 'paint' && !greyOnBlack) {
    const most = [...counts.values()].sort((a, b) => b - a).slice(0, FLAT_COLOURS);
    if (white > 0.05 * pixels && most.reduce((sum, count) => sum + count, 0) > 0.9 * pixels) return true;
  }
  for (let at = width; at < pixels - width; at++) {
    if (at % width === 0 || at % width === width - 1) continue;
    inner += grey[at] & grey[at - 1] & grey[at + 1] & grey[at - width] & grey[at + width];
  }
  return white > 0.5 * pixels && coloured < 0.002 * pixels && inner < 0.01 * pixels;
}

/**
 * Whether everything visible is white, so that white paper would hide it, as with strokes from a dark screen. The server
 * puts such pictures on black (see `is_white_on_nothing` in pix2pix/pictures/images.py).
 * @param {ImageData} image with its transparency
 */
export function whiteOnNothing({ data }) {
  let [most, visible, dark] = [0, 0, 0];
  for (let at = 3; at < data.length; at += 4) most = Math.max(most, data[at]);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] <= 0.75 * most) continue;
    visible += 1;
    dark += Number(Math.min(data[at], data[at + 1], data[at + 2]) < 208);
  }
  return visible > 0 && visible <= 0.5 * (data.length / 4) && dark < 0.005 * visible;
}
