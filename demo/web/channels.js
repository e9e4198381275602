// Questions to the server and its answers. They pass through pairs of small Gradio components; see `channel` in
// demo/page.py. A number connects each answer with its question.

/**
 * @typedef {object} Question
 * @property {(answer: any) => void} resolve
 * @property {() => void} wait starts to wait for the next answer
 * @property {ReturnType<typeof setTimeout>} [waiting]
 * @property {(part: any) => void} [report]
 * @property {string} channel
 * @property {boolean} newest
 */

/** @type {Map<number, Question>} */
const open = new Map();
let count = 0;
const PATIENCE = 90; // seconds
const UNANSWERED = { error: 'The server has not answered: try again.' };

/**
 * @param {string} channel
 * @param {Record<string, unknown>} message
 * @param {{ newest?: boolean, report?: (part: any) => void, patience?: number }} [options] newest: an answer ends
 *     earlier questions with null; report: receives answers before the last; patience: seconds after which a question
 *     whose answer is lost ends with an error
 * @returns {Promise<any>}
 */
export function ask(channel, message, { newest = false, report, patience = PATIENCE } = {}) {
  count += 1;
  const id = count;
  const text = JSON.stringify({ id, ...message });
  return new Promise((resolve) => {
    /** @type {Question} */
    const question = { resolve, report, channel, newest, wait: () => {
      clearTimeout(question.waiting);
      question.waiting = setTimeout(() => close(id)?.resolve(UNANSWERED), 1000 * patience);
    } };
    question.wait();
    open.set(id, question);
    document.dispatchEvent(new CustomEvent(`pix2pix:ask:${channel}`, { detail: text }));
  });
}

/** @param {number} id */
function close(id) {
  const question = open.get(id);
  clearTimeout(question?.waiting);
  open.delete(id);
  return question;
}

document.addEventListener('pix2pix:answer', (event) => {
  const answer = JSON.parse(/** @type {CustomEvent} */ (event).detail);
  const question = open.get(answer.id);
  if (!question) return;
  if (answer.more) {
    question.wait();
    question.report?.(answer);
    return;
  }
  close(answer.id);
  if (question.newest) {
    for (const [id, other] of open) {
      if (id > answer.id || other.channel !== question.channel) continue;
      close(id);
      other.resolve(null);
    }
  }
  question.resolve(answer);
});
