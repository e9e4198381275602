// A photo's outlines, as black lines on white: Canny's filter, pixel for pixel as pix2pix/pictures/edge_filter.py does it.

const SMOOTHING = 1.6; // pixels at a side of 256
const PASSES = 3; // passes of a box filter, which approximate a Gaussian, as in Pillow
const WEAK = 0.4; // share of the threshold above which pixels may continue a strong line
const NOISE = 4; // strength below which the gradients of a flat photo are no edges
const LEAST = 2;
const WAYS = [[1, 0], [1, 1], [0, 1], [-1, 1]]; // of a gradient, in eighths of a turn

/**
 * @param {Uint8ClampedArray} photo RGBA, opaque
 * @param {number} side of the photo in pixels
 * @param {number} threshold strength of the edges to keep, from 0 (all) to 1 (only the strongest in the photo)
 * @returns {Uint8ClampedArray<ArrayBuffer>} RGBA, black on white
 */
export function outlined(photo, side, threshold) {
  const { strength, eighth } = gradient(smoothed(photo, side, SMOOTHING * Math.max(1, side / 256)), side);
  const high = threshold * Math.max(quantile(strength, 0.99), NOISE);
  const ridge = crests(strength, eighth, side);
  const candidate = (/** @type {number} */ at) => ridge[at] === 1 && strength[at] > WEAK * high && strength[at] > LEAST;
  const seed = (/** @type {number} */ at) => ridge[at] === 1 && strength[at] >= Math.max(high, LEAST);
  const lines = connected(candidate, seed, side);
  const picture = new Uint8ClampedArray(4 * side * side).fill(255);
  lines.forEach((line, at) => { if (line) picture.fill(0, 4 * at, 4 * at + 3); });
  return picture;
}

/** Three planes of levels, smoothed. @param {Uint8ClampedArray} photo @param {number} side @param {number} sigma */
function smoothed(photo, side, sigma) {
  const radius = boxRadius(sigma);
  return [0, 1, 2].map((c) => {
    let plane = new Uint8Array(side * side);
    for (let at = 0; at < plane.length; at++) plane[at] = photo[4 * at + c];
    for (let turn = 0; turn < 2; turn++) {
      for (let pass = 0; pass < PASSES; pass++) plane = boxed(plane, side, radius);
      plane = transposed(plane, side);
    }
    return plane;
  });
}

/**
 * The radius of boxes that together have this standard deviation (Gwosdek et al., "Theoretical foundations of Gaussian
 * convolution by extended box filtering").
 * @param {number} sigma
 */
function boxRadius(sigma) {
  const variance = (sigma * sigma) / PASSES;
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const rest = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  return whole + rest / (6 * (variance - (whole + 1) ** 2));
}

/** The mean along rows, over a box whose ends count partly. @param {Uint8Array} plane @param {number} side @param {number} radius */
function boxed(plane, side, radius) {
  const whole = Math.floor(radius);
  const inner = Math.floor(2 ** 24 / (2 * radius + 1));
  const outer = Math.floor((2 ** 24 - (2 * whole + 1) * inner) / 2);
  const result = new Uint8Array(plane.length);
  const end = whole + 1;
  const line = new Uint8Array(side + 2 * end); // a row with its ends repeated
  for (let row = 0; row < plane.length; row += side) {
    line.fill(plane[row], 0, end);
    line.set(plane.subarray(row, row + side), end);
    line.fill(plane[row + side - 1], end + side);
    let sum = 0;
    for (let x = 1; x < 2 * end; x++) sum += line[x];
    for (let x = 0; x < side; x++) {
      const [before, after] = [line[x], line[x + 2 * end]];
      result[row + x] = Math.floor((sum * inner + (before + after) * outer + 2 ** 23) / 2 ** 24);
      sum += after - line[x + 1];
    }
  }
  return result;
}

/** @param {Uint8Array} plane @param {number} side */
function transposed(plane, side) {
  const result = new Uint8Array(plane.length);
  for (let y = 0, at = 0; y < side; y++) for (let x = 0; x < side; x++, at++) result[x * side + y] = plane[at];
  return result;
}

/**
 * The strength of each pixel's gradient, in the colour where it is strongest, and its direction among the `WAYS`.
 * @param {Uint8Array[]} planes @param {number} side
 */
function gradient(planes, side) {
  const strength = new Float32Array(side * side).fill(-1);
  const eighth = new Uint8Array(side * side);
  for (const plane of planes) {
    for (let y = 0, at = 0; y < side; y++) {
      const [above, below] = [Math.max(0, y - 1) * side, Math.min(side - 1, y + 1) * side];
      for (let x = 0; x < side; x++, at++) {
        const dx = plane[y * side + Math.min(side - 1, x + 1)] - plane[y * side + Math.max(0, x - 1)];
        const dy = plane[below + x] - plane[above + x];
        const steep = Math.fround(Math.sqrt(dx * dx + dy * dy));
        if (steep <= strength[at]) continue;
        strength[at] = steep;
        eighth[at] = (Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) + 8) % 4;
      }
    }
  }
  return { strength, eighth };
}

/** @param {Float32Array} values @param {number} share */
function quantile(values, share) {
  const sorted = values.slice().sort();
  const place = share * (values.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (sorted[Math.min(low + 1, values.length - 1)] - sorted[low]) * (place - low);
}

/** Where the strength is at least that of both neighbours across the line. @param {Float32Array} strength @param {Uint8Array} eighth @param {number} side */
function crests(strength, eighth, side) {
  const keep = new Uint8Array(strength.length);
  const of = (/** @type {number} */ x, /** @type {number} */ y) =>
    x < 0 || y < 0 || x >= side || y >= side ? 0 : strength[y * side + x];
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at++) {
      const [dx, dy] = WAYS[eighth[at]];
      keep[at] = Number(strength[at] >= of(x + dx, y + dy) && strength[at] > of(x - dx, y - dy));
    }
  }
  return keep;
}

/**
 * The candidates that are connected to a seed, diagonals included.
 * @param {(at: number) => boolean} candidate @param {(at: number) => boolean} seed @param {number} side
 */
function connected(candidate, seed, side) {
  const lines = new Uint8Array(side * side);
  /** @type {number[]} */
  const waiting = [];
  const visit = (/** @type {number} */ at) => {
    if (lines[at] || !candidate(at)) return;
    lines[at] = 1;
    waiting.push(at);
  };
  for (let at = 0; at < lines.length; at++) if (seed(at)) visit(at);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const [x, y] = [at % side, Math.floor(at / side)];
    for (let row = Math.max(0, y - 1); row <= Math.min(side - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(side - 1, x + 1); column++) visit(row * side + column);
    }
  }
  return lines;
}
