// Drawings to the engine, pictures back: one on its way at a time while the pen moves, and always the last one exactly.

import { Trouble } from './engines.js';

/** @typedef {import('./engines.js').Wish} Wish */
/** @typedef {import('./engines.js').Picture} Picture */
/** @typedef {{ name: 'ready' } | { name: 'busy', seconds: number } | { name: 'gone' } | { name: 'failed', sentence: string }} State */

const LOST = 2000; // ms after which an answer is no longer waited for
const PATIENCE = 5000; // ms after which a complete drawing is sent again, twice as many the next time
const ATTEMPTS = 6;
const BUSY = 1500; // ms without an answer after which the page says so
const LOOK = 1000; // ms between two looks at what became of the server

export class Transport {
  /** @type {(picture: Picture & { frame: number, sent: number, final: boolean }) => void} */
  onPicture = () => {};
  /** @type {(state: State) => void} */
  onState = () => {};
  frames = 0;
  #answered = 0;
  #lastSent = 0;
  #since = 0;
  #soon = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  #again = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  #watch = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /**
   * @param {import('./engines.js').Engine} engine
   * @param {import('./engines.js').Drawing & { blank: boolean }} drawing
   * @param {() => Omit<Wish, 'final'>} wish
   */
  constructor(engine, drawing, wish) {
    this.engine = engine;
    this.drawing = drawing;
    this.wish = wish;
  }

  /** The drawing moved on. @param {boolean} final whether it is at rest */
  changed(final) {
    if (this.drawing.blank) {
      this.forget();
    } else if (final) {
      this.#send(true);
    } else {
      const gap = this.#answered < this.frames ? LOST : this.engine.gap;
      this.#soon ??= setTimeout(() => this.#send(false), Math.max(0, this.#lastSent + gap - performance.now()));
    }
  }

  /** Nothing that is on its way counts any more. */
  forget() {
    this.#rest();
    this.frames += 1;
    this.#answered = this.frames;
    this.onState({ name: 'ready' });
  }

  /** @param {boolean} final @param {number} [attempt] */
  async #send(final, attempt = 0) {
    clearTimeout(this.#soon);
    clearTimeout(this.#again);
    this.#soon = undefined;
    if (this.drawing.blank) return;
    const frame = (this.frames += 1);
    const sent = (this.#lastSent = performance.now());
    if (this.#since === 0) this.#since = sent;
    this.#watch ??= setTimeout(() => this.#look(), BUSY);
    if (final && attempt < ATTEMPTS) {
      this.#again = setTimeout(() => this.#send(true, attempt + 1), PATIENCE * 2 ** attempt);
    }
    try {
      const picture = await this.engine.translate(this.drawing, { ...this.wish(), final });
      if (!picture || frame <= this.#answered) return;
      this.#arrived(frame);
      this.onState({ name: 'ready' });
      this.onPicture({ ...picture, frame, sent, final });
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (frame <= this.#answered) return;
      this.#arrived(frame);
      this.onState({ name: 'failed', sentence: error.message });
    }
  }

  /** @param {number} frame */
  #arrived(frame) {
    this.#answered = frame;
    this.#since = frame < this.frames ? performance.now() : 0;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    if (frame < this.frames) {
      this.#watch = setTimeout(() => this.#look(), BUSY);
      return;
    }
    clearTimeout(this.#again);
    if (this.#soon === undefined) return;
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.changed(false);
  }

  /** No answer for a while: is the server busy, or gone? When it is back, the drawing is sent again. */
  async #look() {
    const watch = this.#watch;
    const here = await this.engine.reachable();
    if (this.#watch !== watch) return; // an answer has come, or the drawing is gone
    const gone = this.#gone;
    this.#gone = !here;
    if (!here) this.onState({ name: 'gone' });
    else if (gone) this.#send(true);
    else this.onState({ name: 'busy', seconds: Math.round((performance.now() - this.#since) / 1000) });
    this.#watch = setTimeout(() => this.#look(), LOOK);
  }
  #gone = false;

  #rest() {
    for (const timer of [this.#soon, this.#again, this.#watch]) clearTimeout(timer);
    this.#soon = this.#again = this.#watch = undefined;
    this.#since = 0;
  }
}
