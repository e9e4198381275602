// A canvas's pixels as the network's numbers and back, level for level as pix2pix/pictures does it in float32.

import { channels, nearest, parse } from '../colours.js';

const VALUES = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 127.5) - 1);

/**
 * Pixels of a canvas -> (height, width, 3) in [-1, 1].
 * @param {Uint8ClampedArray} rgba opaque.
 */
export function toNumbers(rgba) {
  const numbers = new Float32Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    numbers[to] = VALUES[rgba[from]];
    numbers[to + 1] = VALUES[rgba[from + 1]];
    numbers[to + 2] = VALUES[rgba[from + 2]];
  }
  return numbers;
}

/**
 * (height, width, 4) in [-1, 1] -> opaque pixels of a canvas, rounded to the nearest level.
 * @param {Float32Array} numbers
 */
export function toPixels(numbers) {
  const rgba = new Uint8ClampedArray(numbers.length);  // rounds a half to even, as NumPy does
  const { fround } = Math;
  for (let at = 0; at < rgba.length; at += 4) {
    rgba[at] = fround(fround(numbers[at] + 1) * 127.5);
    rgba[at + 1] = fround(fround(numbers[at + 1] + 1) * 127.5);
    rgba[at + 2] = fround(fround(numbers[at + 2] + 1) * 127.5);
    rgba[at + 3] = 255;
  }
  return rgba;
}

/**
 * Pixels of a label map in the nearest of the palette's colours, the first of several equally near.
 * @param {Uint8ClampedArray} rgba
 * @param {string[]} colours as #rrggbb.
 */
export function snapped(rgba, colours) {
  const table = colours.map(parse);
  const result = new Uint8ClampedArray(rgba.length);
  /** @type {Map<number, number[]>} */
  const known = new Map();
  for (let at = 0; at < rgba.length; at += 4) {
    const colour = rgba[at] << 16 | rgba[at + 1] << 8 | rgba[at + 2];
    let pixel = known.get(colour);
    if (!pixel) {
      pixel = [...channels(nearest(colour, table)), 255];
      known.set(colour, pixel);
    }
    result.set(pixel, at);
  }
  return result;
}
