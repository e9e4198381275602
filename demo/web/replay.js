// The film of a drawing: its states and pictures, played once and recorded at the same time, in the browser.

import { card, decoded } from './pictures.js';

const MOST = 240; // most moments kept
const STEP = 90; // ms per moment
const REST = 1200; // ms of the last moment
const EMPTY = 1000; // bytes of a film without a picture, at most
const LONGEST = 9000; // greatest length of a film, in ms

export class Film {
  /** @type {{ drawing: string, picture: string }[]} */
  moments = [];

  /** @param {string} drawing @param {string} picture data URLs */
  note(drawing, picture) {
    this.moments.push({ drawing, picture });
    // In a long film, every second moment is dropped, so that it stays complete.
    if (this.moments.length > MOST) this.moments = this.moments.filter((_, i, all) => i % 2 === 1 || i === all.length - 1);
  }

  clear() {
    this.moments = [];
  }

  /**
   * @param {HTMLCanvasElement} canvas canvas that plays it
   * @param {string} name name under it
   * @param {AbortSignal} signal ends it early
   * @returns {Promise<Blob | null>} null where this browser cannot record, or where it was ended early
   */
  async record(canvas, name, signal) {
    const pictures = await Promise.all(
      this.moments.map(async ({ drawing, picture }) => [await decoded(drawing), await decoded(picture)]),
    );
    const type = ['video/webm;codecs=vp9', 'video/webm', 'video/mp4'].find((each) => globalThis.MediaRecorder?.isTypeSupported(each));
    if (!type || signal.aborted) return null;
    const film = await recorded(canvas, pictures, name, type, signal);
    // A busy browser may begin to record too late, and then records nothing.
    return film && film.size < EMPTY ? recorded(canvas, pictures, name, type, signal) : film;
  }
}

/**
 * @param {HTMLCanvasElement} canvas @param {HTMLImageElement[][]} pictures drawing and picture of each moment
 * @param {string} name @param {string} type @param {AbortSignal} signal
 * @returns {Promise<Blob | null>} null where it was ended early
 */
async function recorded(canvas, pictures, name, type, signal) {
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: type, videoBitsPerSecond: 4_000_000 });
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const step = Math.min(STEP, LONGEST / pictures.length);
  const last = pictures[pictures.length - 1];
  const frames = [...pictures.map((pair) => ({ pair, ms: step })), ...Array(4).fill({ pair: last, ms: REST / 4 })];
  for (const { pair: [drawing, picture], ms } of frames) {
    if (signal.aborted) break;
    card(canvas, drawing, picture, name);
    await wait(ms);
  }
  recorder.stop();
  await ended;
  return signal.aborted ? null : new Blob(parts, { type });
}

/** @param {number} ms */
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
