import assert from 'node:assert/strict';
import { test } from 'node:test';

import { random } from '../../demo/web/colours.js';
import { pack, unpack } from '../../demo/web/packing.js';

const PIXELS = 64 * 64;

function drawing(colours, seed = 1) {
  const dice = random(seed);
  const lines = Uint8Array.from({ length: PIXELS }, () => (dice() < 0.1 ? 255 * dice() : 0));
  const table = Array.from({ length: colours }, () => Math.floor(dice() * 0x1000000));
  const paint = Uint32Array.from({ length: PIXELS }, () => table[Math.floor(dice() * colours)]);
  return { lines, paint };
}

test('what is packed is unpacked to the bit, with few colours and with many', async () => {
  for (const colours of [1, 2, 16, 254, 255, 256, 257, 2000]) {
    const layers = drawing(colours, colours);
    assert.deepEqual(await unpack(await pack(layers), PIXELS), layers, `${colours} colours`);
  }
});

test('the text fits an address as it is, and a drawing of lines is short', async () => {
  const lines = new Uint8Array(256 * 256);
  for (let i = 0; i < 200; i++) lines.fill(255, i * 257 + 5, i * 257 + 7);
  const text = await pack({ lines, paint: new Uint32Array(256 * 256).fill(0xffffff) });
  assert.match(text, /^[\w-]+$/);
  assert.ok(text.length < 2000, `${text.length} letters`);
});

test('whatever is not a drawing is none', async () => {
  const whole = await pack(drawing(5));
  const broken = ['', 'abc', 'ä', '%%%', whole.slice(0, -8), whole.slice(4), whole.replace(/.$/, '') + '!!', `${whole}AAAA`];
  for (const text of broken) {
    const found = await unpack(text, PIXELS);
    assert.ok(found === null || found.lines.length === PIXELS);
  }
  assert.equal(await unpack(whole, PIXELS + 1), null);
  assert.equal(await unpack(whole.slice(0, -8), PIXELS), null);
});

test('a text that unpacks to far more than a drawing is refused', async () => {
  const bomb = new Blob([new Uint8Array(50_000_000)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = Buffer.from(await new Response(bomb).arrayBuffer());
  assert.equal(await unpack(bytes.toString('base64url'), PIXELS), null);
});
