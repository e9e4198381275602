// The empty sheet's invitation. On a first visit, an example draws itself until somebody touches the sheet.

import { steps } from './tracing.js';
import { SIDE } from './rules.js';

const PACE = 7; // pixels of a line per moment
const BRUSH = 900; // pixels of an area per moment
const MOMENT = 24; // ms
const SEEN = 'pix2pix seen';

/** Whether this browser has opened the page before; this visit counts from now on. */
export function firstVisit() {
  try {
    const seen = localStorage.getItem(SEEN);
    localStorage.setItem(SEEN, 'yes');
    return !seen;
  } catch {
    return false;
  }
}

/**
 * Draw a finished drawing as a hand would. Ends at once when `stopped` is true.
 * @param {import('./sheet.js').Sheet} sheet @param {import('./packing.js').Layers} layers @param {() => boolean} stopped
 */
export async function drawItself(sheet, layers, stopped) {
  for (const { layer, pixels } of steps(layers, sheet.paper, SIDE)) {
    const pace = layer === 'lines' ? PACE : BRUSH;
    for (let from = 0; from < pixels.length; from += pace) {
      if (stopped()) return;
      for (const at of pixels.slice(from, from + pace)) {
        if (layer === 'lines') sheet.lines[at] = layers.lines[at];
        else sheet.paint[at] = layers.paint[at];
      }
      sheet.changed('moving');
      await new Promise((resolve) => setTimeout(resolve, MOMENT));
    }
  }
  if (!stopped()) sheet.changed('shown');
}
