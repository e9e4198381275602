// What every tool is. A new one is a file in this folder, default export a Tool; the server lists them.

/** @typedef {import('../raster.js').Point} Point */

/**
 * @typedef {object} Work  what a tool may use
 * @property {import('../sheet.js').Sheet} sheet
 * @property {number} size of the pen at this moment, pixels
 * @property {number} colour
 * @property {boolean} shift whether Shift is held
 * @property {(point: Point) => number | null} colourAt of the drawing; null off the sheet
 * @property {(colour: number) => void} pick
 * @property {(words: string) => void} say for those who cannot see it
 *
 * @typedef {object} Tool
 * @property {string} name as in data-tool
 * @property {string} label
 * @property {string} help
 * @property {string} key
 * @property {string} icon a file in icons/
 * @property {number} place in the row
 * @property {string} cursor of CSS; 'none' where a ring shows the pen
 * @property {'pen' | 'eraser' | 'fill' | null} settings whose size and colour it uses
 * @property {import('../sheet.js').Kind[]} [kinds] only for models that take these
 * @property {(work: Work, point: Point) => void} down
 * @property {(work: Work, point: Point) => void} [move] while it is down
 * @property {(work: Work, point: Point) => void} [up]
 * @property {(work: Work, point: Point) => void} [hover] while it is up
 * @property {(work: Work) => boolean} [undo] a part of what is under way; false: nothing was
 * @property {(work: Work) => void} [finish] what is under way, by Enter or a double click
 * @property {(work: Work) => void} [drop] what is under way
 */

/**
 * Whether a shape is filled: areas are what models of labels take, lines what the others do.
 * @param {Work} work
 */
export const lineWidth = ({ sheet, size }) => (sheet.kind === 'labels' ? 0 : size);

/**
 * A tool that stretches a shape from where the pen came down to where it is.
 * @param {Pick<Tool, 'name' | 'label' | 'help' | 'key' | 'icon' | 'place'>} looks
 * @param {(work: Work, from: Point, to: Point) => void} draw
 * @returns {Tool}
 */
export function stretched(looks, draw) {
  /** @type {Point} */
  let from = { x: 0, y: 0 };
  /** @type {import('../packing.js').Layers | undefined} */
  let base;
  return {
    ...looks,
    cursor: 'crosshair',
    settings: 'pen',
    down(work, point) {
      work.sheet.remember();
      base = work.sheet.copy();
      from = point;
      draw(work, from, from);
      work.sheet.changed('moving');
    },
    move(work, point) {
      if (!base) return;
      work.sheet.take(base);
      draw(work, from, point);
      work.sheet.changed('moving');
    },
    up(work) {
      base = undefined;
      work.sheet.changed();
    },
  };
}

/**
 * A tool that draws where it goes.
 * @param {Pick<Tool, 'name' | 'label' | 'help' | 'key' | 'icon' | 'place' | 'settings'>} looks
 * @param {(work: Work) => import('../raster.js').Span} brush
 * @param {(span: import('../raster.js').Span, a: Point, b: Point, size: number) => void} line
 * @param {(a: Point, b: Point) => Point} straight
 * @returns {Tool}
 */
export function dragged(looks, brush, line, straight) {
  /** @type {Point} */
  let last = { x: 0, y: 0 };
  /** @type {{ from: Point, base: import('../packing.js').Layers } | undefined} */
  let ruler;
  return {
    ...looks,
    cursor: 'none',
    down(work, point) {
      work.sheet.remember();
      ruler = undefined;
      last = point;
      line(brush(work), point, point, work.size);
      work.sheet.changed('moving');
    },
    move(work, point) {
      if (work.shift) {
        ruler ??= { from: last, base: work.sheet.copy() };
        work.sheet.take(ruler.base);
        last = straight(ruler.from, point);
        line(brush(work), ruler.from, last, work.size);
      } else {
        ruler = undefined;
        line(brush(work), last, point, work.size);
        last = point;
      }
      work.sheet.changed('moving');
    },
    up(work) {
      ruler = undefined;
      work.sheet.changed();
    },
  };
}
