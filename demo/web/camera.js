// The live camera: each of its frames becomes the drawing. Offered only where the device draws, so that no frame leaves it.

import { find } from './dom.js';
import { hex } from './colours.js';
import { outlined } from './outlines.js';
import { squared } from './pictures.js';
import { SIDE, THRESHOLD } from './rules.js';
import { Stream } from './stream.js';

const STEP = 66; // ms between two frames
const LEVELS = 4; // levels of each colour in a painting

/** @typedef {import('./sheet.js').Sheet} Sheet */

/**
 * A photo as a drawing: its outlines, and for models of paintings its colours in a few levels under them.
 * @param {Sheet} sheet @param {ImageData} photo
 */
function drawPhoto(sheet, photo) {
  if (sheet.kind === 'labels') {
    sheet.draw(photo);
    return;
  }
  const { data } = photo;
  const lines = outlined(data, SIDE, THRESHOLD);
  sheet.draw({ data: lines });
  if (sheet.kind !== 'paint') return;
  const level = (/** @type {number} */ value) => Math.round(Math.round((value / 255) * (LEVELS - 1)) * (255 / (LEVELS - 1)));
  for (let at = 0; at < sheet.paint.length; at++) {
    const [r, g, b] = [data[4 * at], data[4 * at + 1], data[4 * at + 2]].map(level);
    sheet.paint[at] = (r << 16) | (g << 8) | b;
  }
}

/**
 * @param {HTMLElement} root @param {Sheet} sheet @param {Record<string, string>} texts
 * @param {(words: string) => void} tell
 */
export function liveCamera(root, sheet, texts, tell) {
  const button = find(root, '[data-trace=live]');
  const video = document.createElement('video');
  [video.muted, video.playsInline] = [true, true];
  const camera = new Stream(video);
  let timer = /** @type {ReturnType<typeof setInterval> | undefined} */ (undefined);

  const show = () => {
    const on = timer !== undefined;
    button.textContent = on ? texts.live_stop : texts.live;
    find(root, '#trace').toggleAttribute('data-live', on);
  };
  let own = false; // whether the camera itself is changing the sheet
  const stop = () => {
    camera.close();
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    show();
    sheet.changed();
  };
  const frame = () => {
    if (!root.getClientRects().length) { // another tab of the page is open
      stop();
      return;
    }
    const side = Math.min(video.videoWidth, video.videoHeight);
    if (!side || document.hidden) return;
    const square = document.createElement('canvas');
    square.width = square.height = SIDE;
    const context = /** @type {CanvasRenderingContext2D} */ (square.getContext('2d', { willReadFrequently: true }));
    context.setTransform(-1, 0, 0, 1, SIDE, 0); // as in a mirror
    context.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
    drawPhoto(sheet, squared(square, SIDE, hex(sheet.paper), false));
    own = true;
    sheet.changed('moving');
    own = false;
  };
  const start = async () => {
    try {
      if (!(await camera.open({ facingMode: 'user' }))) return;
    } catch {
      tell(texts.no_camera);
      return;
    }
    sheet.remember();
    timer = setInterval(frame, STEP);
    show();
  };

  button.addEventListener('click', () => (timer === undefined ? start() : stop()));
  sheet.canvas.addEventListener('pointerdown', stop, { capture: true });
  sheet.onChange(() => own || stop()); // undo, an example, an entry of the history
  show();
  return {
    stop,
    /** @param {boolean} possible whether the device draws */
    offer(possible) {
      if (!possible) stop();
      button.hidden = !possible;
    },
  };
}
