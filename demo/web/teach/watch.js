// A run to watch: what it draws, back through time; its losses; how long it goes on.

import { filled, find } from '../dom.js';
import { room } from '../rooms.js';
import { curve } from './curves.js';

/**
 * @typedef {object} Look
 * @property {number} step
 * @property {number} seconds
 * @property {number | null} l1
 * @property {string} picture
 * @property {number} [L1]
 * @property {number} [D]
 * @property {number} [GAN]
 *
 * @typedef {import('./cards.js').Brief & { trouble: string, phase: string, step: number, steps: number, seconds: number,
 *   left: number | null, kept: number, room: number, looks: Look[], pairs: number, folder: string }} Status
 */

export class Watch {
  #latest = true; // the slider stands at its end, and goes on with the run
  /** @type {Status | null} */
  #status = null;
  #shape = '';

  /** @param {HTMLElement} root @param {Record<string, string>} texts */
  constructor(root, texts) {
    this.root = root;
    this.texts = texts;
    this.slider = /** @type {HTMLInputElement} */ (find(root, '.time input'));
    this.slider.addEventListener('input', () => {
      this.#latest = this.slider.value === this.slider.max;
      this.#showLook();
    });
  }

  clear() {
    this.#status = null;
    this.#shape = '';
    this.#latest = true;
    find(this.root, '.grid').replaceChildren();
    find(this.root, '.curves').replaceChildren();
    find(this.root, '.time').hidden = true;
    find(this.root, '.trouble').hidden = find(this.root, '[data-not-drawn]').hidden = true;
    find(this.root, 'h2').textContent = find(this.root, '.says').textContent = '';
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll('.deeds > *'))) each.hidden = true;
  }

  /** @param {Status} status */
  show(status) {
    this.#status = status;
    const { state, looks, has_model: ready } = status;
    const there = (/** @type {string} */ what, /** @type {boolean} */ yes) => { find(this.root, what).hidden = !yes; };
    find(this.root, 'h2').textContent = status.name;
    find(this.root, '.says').textContent = this.#words(status);
    there('.trouble', Boolean(status.trouble));
    find(this.root, '.trouble').textContent = status.trouble;
    const ended = state === 'done' || state === 'failed';
    const share = ended ? 1 : status.until_stopped ? 0 : Math.min(1, status.seconds / (60 * status.minutes));
    there('.bar', state === 'running' && !status.until_stopped);
    find(this.root, '.bar').setAttribute('aria-valuenow', String(Math.round(100 * share)));
    find(this.root, '.bar div').style.width = `${100 * share}%`;
    there('[data-draw]', Boolean(status.card));
    there('[data-pictures]', ready && !status.card && Boolean(room(this.texts.pictures_room)));
    there('[data-not-drawn]', ready && !status.card);
    find(this.root, '[data-not-drawn] code').textContent = `python -m pix2pix translate photo.jpg picture.png --model ${status.folder}`;
    there('[data-stop]', (state === 'running' || state === 'queued') && !status.stopping);
    there('[data-more="3"]', state === 'done' && status.room >= 3);
    there('[data-more="10"]', state === 'done' && status.room >= 10);
    there('[data-again]', state === 'failed');
    there('[data-revise]', state === 'failed' && !ready);
    there('[data-push]', ready);
    there('[data-forget]', ended);
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (this.root.querySelectorAll('[data-file]'))) {
      link.hidden = link.dataset.file === 'report.html' ? !looks.length : !ready;
      link.href = String(new URL(`taught/${status.run}/${link.dataset.file}`, document.baseURI));
    }
    there('.time', looks.length > 1);
    this.slider.max = String(Math.max(0, looks.length - 1));
    if (this.#latest) this.slider.value = this.slider.max;
    this.#showLook();
    const points = (/** @type {'l1' | 'L1' | 'GAN' | 'D'} */ name) =>
      looks.flatMap((look) => /** @type {[number, number][]} */ (typeof look[name] === 'number' ? [[look.step, look[name]]] : []));
    const { texts } = this;
    find(this.root, '.curves').replaceChildren(
      ...[
        curve(texts.curve_val, points('l1')),
        curve(texts.curve_l1, points('L1').map(([step, l1]) => [step, l1 / 2])), // of values from -1 to 1
        curve(texts.curve_gan, points('GAN')),
        curve(texts.curve_d, points('D')),
      ].filter((each) => each !== null),
    );
  }

  /** @param {Status} status */
  #words({ state, ahead, phase, step, steps, left, until_stopped, stopping, kept, seconds }) {
    const { texts } = this;
    if (state === 'queued') return ahead ? filled(texts.ahead, { count: ahead }) : texts.state_queued;
    if (state === 'running') {
      if (stopping) return texts.stopping;
      if (phase === 'starting') return texts.starting;
      if (phase === 'measuring') return texts.measuring;
      if (phase === 'finishing') return texts.finishing;
      const at = filled(texts.at_step, { step, steps });
      return until_stopped || left === null ? filled(texts.at_time, { step, time: clock(seconds) }) : `${at} · ${filled(texts.left, { time: clock(left) })}`;
    }
    if (state === 'done') return filled(kept && kept !== step ? texts.done_kept : texts.done, { step, kept, time: clock(seconds) });
    return texts[`state_${state}`];
  }

  #showLook() {
    const status = this.#status;
    if (!status?.looks.length) return;
    const { looks } = status;
    const at = looks[Math.min(Number(this.slider.value), looks.length - 1)];
    find(this.root, '.time output').textContent = `${clock(at.seconds)}${at.l1 === null ? '' : ` · L1 ${at.l1.toFixed(3)}`}`;
    const url = (/** @type {Look} */ look) => String(new URL(`taught/${status.run}/look/${look.step}.jpg`, document.baseURI));
    const before = status.state === 'done' && looks[0].step === 0 && at !== looks[0];
    /** @type {[string, Look, number][]} */
    const columns = [
      [this.texts.column_input, at, 0],
      ...(before ? /** @type {[string, Look, number][]} */ ([[this.texts.column_before, looks[0], 1]]) : []),
      [before ? this.texts.column_after : this.texts.column_output, at, 1],
      [this.texts.column_target, at, 2],
    ];
    const grid = find(this.root, '.grid');
    const shape = `${status.run} ${columns.length}`;
    if (shape !== this.#shape) {
      this.#shape = shape;
      grid.replaceChildren(
        ...columns.map(() => {
          const figure = document.createElement('figure');
          figure.innerHTML = '<figcaption></figcaption><div class="column" role="img"></div>';
          return figure;
        }),
      );
    }
    // A picture is shown when it is whole, so that nothing flickers.
    columns.forEach(([words, look, column], i) => {
      const figure = grid.children[i];
      find(figure, 'figcaption').textContent = words;
      const place = find(figure, '.column');
      place.setAttribute('aria-label', words);
      const address = url(look);
      place.dataset.wanted = address;
      const picture = new Image();
      picture.onload = () => {
        if (place.dataset.wanted !== address) return;
        place.style.aspectRatio = `${picture.width / 3} / ${picture.height}`;
        place.style.backgroundImage = `url("${address}")`;
        place.style.backgroundPosition = `${50 * column}% 0`;
        place.dataset.step = String(look.step);
      };
      picture.src = address;
    });
  }
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
