// Areas of a drawing: those that a bucket fills, and those that lines enclose. Hand-drawn lines have gaps of a few pixels,
// so two areas count as one only where a disc with a radius of GAP pixels can pass between them.

const GAP = 2;
const WIDE_GAP = 5; // tried where paint would flow out to the edge of the sheet
const WALL = -1;
const ALIKE = 0.75; // least ratio of the sizes of two twins
const UNDER = 4; // pixels that paint extends under a line

/**
 * Call `visit` with the index of each neighbour, left, right, above and below.
 * @param {number} at @param {number} side @param {(to: number) => void} visit
 */
function neighbours(at, side, visit) {
  const column = at % side;
  if (column > 0) visit(at - 1);
  if (column < side - 1) visit(at + 1);
  if (at >= side) visit(at - side);
  if (at < side * (side - 1)) visit(at + side);
}

/**
 * Spread labels from labelled pixels over free ones, the nearest first.
 * @param {Int32Array} labels changed; 0 is none
 * @param {number} side
 * @param {(at: number) => boolean} free
 * @param {number} [steps] most steps
 */
function spread(labels, side, free, steps = Infinity) {
  /** @type {number[]} */
  let front = [];
  labels.forEach((label, at) => label > 0 && front.push(at));
  for (let step = 0; front.length && step < steps; step++) {
    /** @type {number[]} */
    const next = [];
    for (const at of front) {
      neighbours(at, side, (to) => {
        if (labels[to] !== 0 || !free(to)) return;
        labels[to] = labels[at];
        next.push(to);
      });
    }
    front = next;
  }
}

/**
 * Give each connected part of the pixels in `mask` without a label its own.
 * @param {Uint8Array} mask @param {Int32Array} labels changed @param {number} side @param {number} count number of labels given
 * @returns {number} number of labels given so far
 */
function connect(mask, labels, side, count) {
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    count += 1;
    labels[start] = count;
    const waiting = [start];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const label = labels[at];
      neighbours(at, side, (to) => {
        if (!mask[to] || labels[to]) return;
        labels[to] = label;
        waiting.push(to);
      });
    }
  }
  return count;
}

/**
 * The core of a mask: pixels around which a disc is inside it. Everything beyond the sheet's edge counts as inside.
 * @param {Uint8Array} mask @param {number} side @param {number} radius @returns {Uint8Array}
 */
function middle(mask, side, radius) {
  const inner = mask.slice();
  const reach = radius + 0.5;
  for (let at = 0; at < mask.length; at++) {
    if (mask[at]) continue;
    const [x, y] = [at % side, Math.floor(at / side)];
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const inside = x + dx >= 0 && x + dx < side && y + dy >= 0 && y + dy < side;
        if (inside && dx * dx + dy * dy <= reach * reach) inner[at + dy * side + dx] = 0;
      }
    }
  }
  return inner;
}

/**
 * Divide pixels into areas.
 * @param {Uint8Array} free 1 where there is no line
 * @param {number} side
 * @param {number} gap radius of the disc that must pass; 0 closes no gaps
 * @returns {Int32Array} the area of each pixel, from 1 on; 0 for lines
 */
export function areas(free, side, gap = GAP) {
  const labels = new Int32Array(free.length);
  let count = 0;
  if (gap) {
    count = connect(middle(free, side, gap), labels, side, 0);
    spread(labels, side, (at) => free[at] === 1);
  }
  connect(free, labels, side, count); // and areas that are too narrow for the disc everywhere
  return labels;
}

/**
 * Extend areas under the lines, so that no seam remains between paint and line.
 * @param {Int32Array} labels changed @param {Uint8Array} free @param {number} side
 */
function underLines(labels, free, side) {
  spread(labels, side, (at) => free[at] === 0, UNDER);
}

/** Whether an area reaches the edge of the sheet. @param {Int32Array} labels @param {number} label @param {number} side */
function touchesEdge(labels, label, side) {
  return edgeOf(side).some((at) => labels[at] === label);
}

/** The pixels along the edge of the sheet. @param {number} side */
function edgeOf(side) {
  return Array.from({ length: side }, (_, i) => [i, (side - 1) * side + i, i * side, i * side + side - 1]).flat();
}

/**
 * The pixels that a bucket fills.
 * @param {number} start pixel where it is emptied
 * @param {ArrayLike<number>} ground the sheet's colours; the bucket fills equal ones
 * @param {Uint8Array | null} lines alpha of the lines above the paint, or null where there are none
 * @param {number} side
 * @returns {number[]}
 */
export function bucket(start, ground, lines, side) {
  const free = new Uint8Array(side * side);
  for (let at = 0; at < free.length; at++) free[at] = Number(ground[at] === ground[start] && !(lines && lines[at] > 127));
  if (!free[start]) return [];
  let labels = areas(free, side, lines ? GAP : 0);
  if (lines && touchesEdge(labels, labels[start], side)) {
    const closer = areas(free, side, WIDE_GAP);
    if (!touchesEdge(closer, closer[start], side)) labels = closer;
  }
  const wanted = labels[start];
  for (let at = 0; at < labels.length; at++) {
    if (labels[at] !== wanted) labels[at] = labels[at] ? WALL : 0;
  }
  if (lines) spread(labels, side, (at) => lines[at] > 0, UNDER);
  /** @type {number[]} */
  const filled = [];
  labels.forEach((label, at) => label === wanted && filled.push(at));
  return filled;
}

/**
 * Areas in groups of twins, such as two eyes or the windows of a house: about as many pixels, in a box of about the same
 * width and height.
 * @param {number[][]} found from `enclosed` @param {number} side @returns {number[][][]} in the order of their first areas
 */
export function twins(found, side) {
  /** @type {{ sizes: number[], areas: number[][] }[]} */
  const groups = [];
  for (const pixels of found) {
    const [columns, rows] = [pixels.map((at) => at % side), pixels.map((at) => Math.floor(at / side))];
    const sizes = [pixels.length, extent(columns), extent(rows)];
    const group = groups.find((each) => each.sizes.every((size, i) => Math.min(size, sizes[i]) > ALIKE * Math.max(size, sizes[i])));
    if (group) group.areas.push(pixels);
    else groups.push({ sizes, areas: [pixels] });
  }
  return groups.map(({ areas: alike }) => alike);
}

/** @param {number[]} values */
const extent = (values) => values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b)) + 1;

/**
 * The areas that lines enclose, the largest first: those that do not touch the edge of the sheet.
 * @param {Uint8Array} lines alpha of each pixel
 * @param {number} side
 * @param {number} least fewest pixels of an area
 * @returns {number[][]} their pixels, including those under the lines
 */
export function enclosed(lines, side, least = 24) {
  const free = Uint8Array.from(lines, (alpha) => Number(alpha <= 127));
  const labels = areas(free, side);
  const open = new Set(edgeOf(side).map((at) => labels[at]));
  const sizes = new Map();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  underLines(labels, free, side);
  /** @type {Map<number, number[]>} */
  const found = new Map();
  labels.forEach((label, at) => {
    if (label === 0 || open.has(label) || sizes.get(label) < least) return;
    const pixels = found.get(label);
    if (pixels) pixels.push(at);
    else found.set(label, [at]);
  });
  return [...found.values()].sort((a, b) => b.length - a.length);
}
