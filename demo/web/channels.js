// Questions to the server and its answers. They pass through pairs of small Gradio components; see `channel` in
// demo/page.py. A number connects each answer with its question.

/** @typedef {{ resolve: (answer: any) => void, report?: (part: any) => void, channel: string, newest: boolean }} Question */

/** @type {Map<number, Question>} */
const open = new Map();
let count = 0;

/**
 * @param {string} channel
 * @param {Record<string, unknown>} message
 * @param {{ newest?: boolean, report?: (part: any) => void }} [options] newest: an answer ends earlier questions
 *     with null; report: receives answers before the last
 * @returns {Promise<any>}
 */
export function ask(channel, message, { newest = false, report } = {}) {
  count += 1;
  const text = JSON.stringify({ id: count, ...message });
  return new Promise((resolve) => {
    open.set(count, { resolve, report, channel, newest });
    document.dispatchEvent(new CustomEvent(`pix2pix:ask:${channel}`, { detail: text }));
  });
}

document.addEventListener('pix2pix:answer', (event) => {
  const answer = JSON.parse(/** @type {CustomEvent} */ (event).detail);
  const question = open.get(answer.id);
  if (!question) return;
  if (answer.more) {
    question.report?.(answer);
    return;
  }
  open.delete(answer.id);
  if (question.newest) {
    for (const [id, other] of open) {
      if (id > answer.id || other.channel !== question.channel) continue;
      open.delete(id);
      other.resolve(null);
    }
  }
  question.resolve(answer);
});
