import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.document = Object.assign(new EventTarget(), {});
globalThis.addEventListener ??= () => {};
const { Chooser } = await import('../../demo/web/chooser.js');

const TEXTS = { gone: 'The server cannot be reached.', no_device: 'Your device cannot: {reason}', too_slow: 'Too slow.' };

/** A device that has the models in `kept`, and cannot fetch others. */
const device = (kept) => ({
  gap: 0,
  offers: () => true,
  has: async (model) => kept.includes(model),
  open: async (model) => {
    if (!kept.includes(model)) throw new Error('It cannot be fetched.');
    return { rate: 0.5 };
  },
  time: async () => 10,
  close: () => {},
});
/** A server that is there or not; without it, its answers never come. */
const server = (here) => ({
  gap: 50,
  asked: 0,
  reachable: async () => here,
  open() {
    this.asked += 1;
    return here ? Promise.resolve({ rate: 0.25 }) : new Promise(() => {});
  },
});

test('a model that neither has is refused at once, and the server that is away is not asked', async () => {
  const away = server(false);
  const chooser = new Chooser(away, device(['shoes']), TEXTS);
  assert.deepEqual(await chooser.open('shoes', () => {}), { rate: 0.5 });
  await assert.rejects(chooser.open('bags', () => {}), { message: TEXTS.gone });
  assert.equal(away.asked, 0);
});

test('a server that is there opens the model first', async () => {
  const chooser = new Chooser(server(true), device([]), TEXTS);
  assert.deepEqual(await chooser.open('bags', () => {}), { rate: 0.25 });
});

test('without a server, the device tells why it cannot', async () => {
  const chooser = new Chooser(null, device([]), TEXTS);
  await assert.rejects(chooser.open('bags', () => {}), { message: 'Your device cannot: It cannot be fetched.' });
});
