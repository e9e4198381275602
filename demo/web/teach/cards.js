// Models that were taught on this page, among the cards of the studio; and which runs this browser began.

import { ask } from '../channels.js';
import { openRoom, openStudio } from '../rooms.js';

const RUNS = 'pix2pix taught';
const DRAFT = 'pix2pix pairs';
const AGAIN = 3000; // ms until the server is asked again

/**
 * @typedef {object} Brief  what the server says of a run
 * @property {string} run its id
 * @property {string} name
 * @property {'draft' | 'queued' | 'running' | 'done' | 'failed'} state
 * @property {number} minutes
 * @property {boolean} until_stopped
 * @property {number} ahead runs before it
 * @property {boolean} stopping
 * @property {boolean} has_model
 * @property {import('../main.js').Model | null} card where people draw for its model
 */

/** The runs that this browser began. @returns {string[]} */
export function known() {
  try {
    const found = JSON.parse(localStorage.getItem(RUNS) ?? '[]');
    return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} run @param {boolean} [there] */
export function note(run, there = true) {
  try {
    localStorage.setItem(RUNS, JSON.stringify([...known().filter((each) => each !== run), ...(there ? [run] : [])]));
  } catch { /* forbidden: a reload forgets them */ }
}

/** The run whose pairs this tab gathers, over a reload. @param {string} run "" for none */
export function keepDraft(run) {
  try {
    sessionStorage.setItem(DRAFT, run);
  } catch { /* forbidden: a reload forgets it */ }
}

export function lastDraft() {
  try {
    return sessionStorage.getItem(DRAFT) ?? '';
  } catch {
    return '';
  }
}

/** What the server says of teaching, and of the runs that this browser began. It is asked until it answers. */
export async function hello() {
  for (;;) {
    const answer = await ask('teach', { do: 'hello', runs: known() });
    if (!answer.error) return answer;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

/** Tell the studio of a run's model. @param {Brief} brief */
export const tell = (brief) => document.dispatchEvent(new CustomEvent('pix2pix:taught', { detail: brief }));

/** Go to the studio with a model. @param {string} run */
export function drawWith(run) {
  openStudio();
  document.dispatchEvent(new CustomEvent('pix2pix:draw-with', { detail: run }));
}

let wanted = '';

/** Go to the tab of pictures with a model. @param {string} run @param {string} room the tab's title */
export function translateWith(run, room) {
  wanted = run;
  openRoom(room);
}

/** What the tab of pictures tells the server when it opens: which runs to offer, and which of them to choose. */
export function forPictures() {
  const message = JSON.stringify({ runs: known(), wanted });
  wanted = '';
  return message;
}

/**
 * Keep the studio's cards as the server's runs are.
 * @param {{ add: (name: string, model: import('../main.js').Model) => void, remove: (name: string) => void, use: (name: string) => void }} studio
 */
export async function taughtCards({ add, remove, use }) {
  const take = (/** @type {Brief} */ { run, state, card }) => {
    if (card) add(run, card);
    else if (state === 'draft') remove(run);
  };
  document.addEventListener('pix2pix:taught', (event) => take(/** @type {CustomEvent} */ (event).detail));
  document.addEventListener('pix2pix:draw-with', (event) => use(/** @type {CustomEvent} */ (event).detail));
  const { runs } = await hello();
  for (const brief of [...runs].reverse()) take(brief);
}
