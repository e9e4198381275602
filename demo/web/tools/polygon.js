import { line, polygon, straight } from '../raster.js';
import { lineWidth } from './tool.js';

/** @typedef {import('./tool.js').Point} Point */
/** @typedef {import('./tool.js').Work} Work */

const CLOSE = 6; // pixels around the first corner that close it

/** @type {Point[]} */
let corners = [];
/** @type {import('../packing.js').Layers | undefined} */
let base;

/** @param {Work} work @param {Point} next */
function show(work, next) {
  if (!base) return;
  work.sheet.take(base);
  const span = work.sheet.brush(work.colour);
  corners.forEach((corner, i) => line(span, corner, corners[i + 1] ?? next, lineWidth(work) || 1));
  work.sheet.changed('moving');
}

/** @param {Work} work */
function drop(work) {
  if (!base) return;
  base = undefined;
  corners = [];
  work.sheet.forget();
}

/** @param {Work} work */
function finish(work) {
  if (!base) return;
  if (corners.length < 2) {
    drop(work);
    return;
  }
  work.sheet.take(base);
  polygon(work.sheet.brush(work.colour), corners, lineWidth(work));
  base = undefined;
  corners = [];
  work.sheet.changed();
}

/** @param {Point} a @param {Point} b @param {boolean} shift */
const next = (a, b, shift) => (shift ? straight(a, b) : b);

/** @type {import('./tool.js').Tool} */
export default {
  name: 'polygon',
  label: 'Polygon',
  help: 'Click the corners. Enter, a double click or a click on the first corner closes it; Esc drops it.',
  key: 'p',
  icon: 'pentagon',
  place: 7,
  cursor: 'crosshair',
  settings: 'pen',
  down(work, at) {
    if (!base) {
      work.sheet.remember();
      base = work.sheet.copy();
      corners = [at];
    } else {
      const point = next(corners[corners.length - 1], at, work.shift);
      const [first] = corners;
      if (corners.length > 2 && Math.hypot(point.x - first.x, point.y - first.y) <= CLOSE) {
        finish(work);
        return;
      }
      corners.push(point);
    }
    show(work, at);
  },
  hover(work, at) {
    if (base) show(work, next(corners[corners.length - 1], at, work.shift));
  },
  undo(work) {
    if (!base) return false;
    corners.pop();
    if (corners.length) show(work, corners[corners.length - 1]);
    else drop(work);
    return true;
  },
  finish(work) {
    const [last, before] = [corners[corners.length - 1], corners[corners.length - 2]];
    if (before && last.x === before.x && last.y === before.y) corners.pop(); // the second click of two
    finish(work);
  },
  drop,
};
