// The order in which a hand might draw a finished drawing: along its lines, then area by area.

/** @typedef {import('./packing.js').Layers} Layers */
/** @typedef {{ layer: 'lines' | 'paint', pixels: number[] }} Stroke */

/**
 * Pixels in the order in which a pen passes over them: from each on to one beside it, the straightest way first.
 * @param {(at: number) => boolean} wanted @param {number} side
 * @returns {number[][]} one list for each part that hangs together
 */
export function strokes(wanted, side) {
  const seen = new Uint8Array(side * side);
  /** @type {number[][]} */
  const found = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || !wanted(start)) continue;
    /** @type {number[]} */
    const order = [];
    /** @type {[number, number, number][]} */
    const waiting = [[start, 1, 0]];
    for (let item = waiting.pop(); item; item = waiting.pop()) {
      const [at, dx, dy] = item;
      if (seen[at]) continue;
      seen[at] = 1;
      order.push(at);
      const [x, y] = [at % side, Math.floor(at / side)];
      const ways = [];
      for (const [mx, my] of [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]]) {
        const [nx, ny] = [x + mx, y + my];
        if (nx < 0 || ny < 0 || nx >= side || ny >= side) continue;
        const to = ny * side + nx;
        if (!seen[to] && wanted(to)) ways.push({ to, mx, my, along: mx * dx + my * dy });
      }
      ways.sort((a, b) => a.along - b.along);
      for (const { to, mx, my } of ways) waiting.push([to, mx, my]);
    }
    found.push(order);
  }
  return found;
}

/**
 * A drawing as strokes: its lines first, then each painted area, the largest first.
 * @param {Layers} layers @param {number} paper the colour of the empty sheet @param {number} side
 * @returns {Stroke[]}
 */
export function steps({ lines, paint }, paper, side) {
  /** @type {Stroke[]} */
  const found = strokes((at) => lines[at] > 0, side).map((pixels) => ({ layer: 'lines', pixels }));
  /** @type {number[][]} */
  const painted = [];
  for (const colour of new Set(paint)) {
    if (colour !== paper) painted.push(...strokes((at) => paint[at] === colour, side));
  }
  painted.sort((a, b) => b.length - a.length);
  return [...found, ...painted.map((pixels) => /** @type {Stroke} */ ({ layer: 'paint', pixels }))];
}
