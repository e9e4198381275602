// Shapes in whole pixels, without antialiasing. Every shape consists of spans: rows of pixels, from left to right.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {(left: number, right: number, y: number) => void} Span  both ends are included */

/**
 * A span that stays on a sheet and, with a mirror, is drawn on both halves.
 * @param {number} side of the sheet, pixels
 * @param {(from: number, to: number) => void} write fills pixels from one index up to another, which is excluded
 * @param {boolean} mirror
 * @returns {Span}
 */
export function spans(side, write, mirror) {
  /** @type {Span} */
  const one = (left, right, y) => {
    const [from, to] = [Math.max(0, left), Math.min(side - 1, right)];
    if (y >= 0 && y < side && from <= to) write(y * side + from, y * side + to + 1);
  };
  if (!mirror) return one;
  return (left, right, y) => {
    one(left, right, y);
    one(side - 1 - right, side - 1 - left, y);
  };
}

/**
 * A disc of a diameter in pixels. With an even diameter, its middle is between pixels, right of and below (x, y).
 * @param {Span} span @param {number} x @param {number} y @param {number} size
 */
export function dab(span, x, y, size) {
  const from = -Math.floor((size - 1) / 2);
  const centre = from + (size - 1) / 2;
  for (let row = from; row < from + size; row++) {
    const half = Math.sqrt(Math.max(0, (size / 2) ** 2 - (row - centre) ** 2));
    span(x + Math.ceil(centre - half - 1e-9), x + Math.floor(centre + half + 1e-9), y + row);
  }
}

/** @param {Span} span @param {Point} a @param {Point} b @param {number} size */
export function line(span, a, b, size) {
  const steps = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), 1);
  for (let i = 0; i <= steps; i++) {
    dab(span, Math.round(a.x + ((b.x - a.x) * i) / steps), Math.round(a.y + ((b.y - a.y) * i) / steps), size);
  }
}

/** A closed line through points. @param {Span} span @param {Point[]} points @param {number} size */
export function outline(span, points, size) {
  points.forEach((point, i) => line(span, point, points[(i + 1) % points.length], size));
}

/** @param {Span} span @param {Point} a @param {Point} b @param {number} size of the line; 0 fills the box */
export function box(span, a, b, size) {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  if (!size) {
    for (let y = top; y <= bottom; y++) span(left, right, y);
    return;
  }
  const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
  outline(span, corners.map(([x, y]) => ({ x, y })), size);
}

/** @param {Span} span @param {Point} a @param {Point} b opposite corners of its box @param {number} size 0 fills it */
export function oval(span, a, b, size) {
  const [cx, cy] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const [rx, ry] = [Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2];
  if (!size) {
    for (let y = Math.min(a.y, b.y); y <= Math.max(a.y, b.y); y++) {
      const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / (ry || 1)) ** 2));
      span(Math.round(cx - half), Math.round(cx + half), y);
    }
    return;
  }
  const steps = Math.ceil(4 * (rx + ry)) + 8;
  for (let i = 0; i < steps; i++) {
    const turn = (2 * Math.PI * i) / steps;
    dab(span, Math.round(cx + rx * Math.cos(turn)), Math.round(cy + ry * Math.sin(turn)), size);
  }
}

/** @param {Span} span @param {Point[]} points @param {number} size of the line; 0 fills the polygon */
export function polygon(span, points, size) {
  outline(span, points, size || 1);
  if (size) return;
  const rows = points.map(({ y }) => y);
  for (let y = Math.min(...rows); y <= Math.max(...rows); y++) {
    /** @type {number[]} */
    const crossings = [];
    points.forEach((a, i) => {
      const b = points[(i + 1) % points.length];
      if (a.y <= y !== b.y <= y) crossings.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((p, q) => p - q);
    for (let i = 0; i + 1 < crossings.length; i += 2) span(Math.round(crossings[i]), Math.round(crossings[i + 1]), y);
  }
}

/**
 * The end of a straight line from `a` near `b`, in steps of 15 degrees.
 * @param {Point} a @param {Point} b @returns {Point}
 */
export function straight(a, b) {
  const step = Math.PI / 12;
  const angle = Math.round(Math.atan2(b.y - a.y, b.x - a.x) / step) * step;
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  return { x: Math.round(a.x + length * Math.cos(angle)), y: Math.round(a.y + length * Math.sin(angle)) };
}

/**
 * The corner opposite `a`, near `b`, of a square.
 * @param {Point} a @param {Point} b @returns {Point}
 */
export function square(a, b) {
  const length = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y));
  return { x: a.x + (b.x < a.x ? -length : length), y: a.y + (b.y < a.y ? -length : length) };
}
