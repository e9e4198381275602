// How much the looks of one drawing differ, and where. Level for level as demo/live.py does it.

import { ALIKE_BELOW, SPREAD_SHOWN_WHITE } from './rules.js';

/** @typedef {Uint8ClampedArray<ArrayBuffer>} Pixels  RGBA */

/** Whether pictures look alike: their mean distance, over all pairs, is small. @param {Pixels[]} pictures */
export function alike(pictures) {
  let [sum, pairs] = [0, 0];
  for (let a = 0; a < pictures.length; a++) {
    for (let b = a + 1; b < pictures.length; b++, pairs++) {
      for (let at = 0; at < pictures[a].length; at++) sum += Math.abs(pictures[a][at] - pictures[b][at]);
    }
  }
  // The alpha of all is the same, so that three values of four count.
  return pairs > 0 && sum / (255 * pairs * 0.75 * pictures[0].length) < ALIKE_BELOW;
}

/**
 * Where pictures differ: their mean, darkened and grey, under the standard deviation of each pixel in warm colours, dark
 * red to white.
 * @param {Pixels[]} pictures @returns {Pixels}
 */
export function spreadMap(pictures) {
  const map = new Uint8ClampedArray(pictures[0].length).fill(255);
  const count = pictures.length;
  for (let at = 0; at < map.length; at += 4) {
    let [deviation, mean] = [0, 0];
    for (let c = 0; c < 3; c++) {
      const levels = pictures.map((picture) => picture[at + c] / 255);
      const middle = levels.reduce((sum, level) => sum + level, 0) / count;
      deviation += Math.sqrt(levels.reduce((sum, level) => sum + (level - middle) ** 2, 0) / count) / 3;
      mean += middle / 3;
    }
    const heat = Math.min(1, deviation / SPREAD_SHOWN_WHITE);
    for (let c = 0; c < 3; c++) {
      const warm = Math.max(0, Math.min(1, 3 * heat - c)); // black, red, yellow, white
      map[at + c] = 255 * Math.max(warm, 0.35 * mean * (1 - heat));
    }
  }
  return map;
}
