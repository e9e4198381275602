import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.document = Object.assign(new EventTarget(), {});
const { ask } = await import('../../demo/web/channels.js');

/** Answer the next question on a channel, with what `answers` makes of it, one after the other. */
function server(channel, answers) {
  document.addEventListener(`pix2pix:ask:${channel}`, ({ detail }) => {
    const { id, ...message } = JSON.parse(detail);
    answers(message, (answer) => document.dispatchEvent(new CustomEvent('pix2pix:answer', { detail: JSON.stringify({ id, ...answer }) })));
  }, { once: true });
}
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('a question gets its answer, and reports before it', async () => {
  const reports = [];
  server('open', ({ model }, answer) => {
    answer({ more: true, line: 'half' });
    answer({ rate: 0.5, model });
  });
  const answer = await ask('open', { model: 'shoes' }, { report: ({ line }) => reports.push(line) });
  assert.deepEqual([answer.rate, answer.model, reports], [0.5, 'shoes', ['half']]);
});

test('a question whose answer is lost ends with an error, and a late answer changes nothing', async () => {
  let late = () => {};
  server('vary', (_, answer) => { late = () => answer({ pictures: [] }); });
  const answer = await ask('vary', {}, { patience: 0.02 });
  assert.match(answer.error, /has not answered: try again/);
  late();
});

test('each report starts the patience anew', async () => {
  server('open', async (_, answer) => {
    for (let i = 0; i < 4; i++) {
      await wait(60);
      answer({ more: true, line: String(i) });
    }
    answer({ rate: 0.5 });
  });
  assert.equal((await ask('open', {}, { patience: 0.2, report: () => {} })).rate, 0.5);
});

test('the newest answer ends earlier questions of its channel alone', async () => {
  const first = ask('draw', {}, { newest: true, patience: 5 });
  const other = ask('trace', {}, { patience: 0.05 });
  server('draw', (_, answer) => answer({ image: 'new' }));
  assert.equal((await ask('draw', {}, { newest: true, patience: 5 })).image, 'new');
  assert.equal(await first, null);
  assert.match((await other).error, /not answered/);
});
