import assert from 'node:assert/strict';
import { test } from 'node:test';

import { steps, strokes } from '../../demo/web/tracing.js';

const SIDE = 32;

test('a pen passes over every pixel once, from each to one beside it where it can', () => {
  const wanted = new Set();
  for (let i = 3; i < 29; i++) wanted.add(3 * SIDE + i).add(i * SIDE + 28);
  const found = strokes((at) => wanted.has(at), SIDE);
  assert.equal(found.length, 1);
  assert.deepEqual(new Set(found[0]), wanted);
  assert.equal(found[0].length, wanted.size);
  const far = found[0].slice(1).filter((at, i) => {
    const before = found[0][i];
    return Math.max(Math.abs((at % SIDE) - (before % SIDE)), Math.abs(Math.floor(at / SIDE) - Math.floor(before / SIDE))) > 1;
  });
  assert.ok(far.length <= 2);
});

test('lines come before paint, and the largest area first', () => {
  const lines = new Uint8Array(SIDE * SIDE);
  lines[5] = 255;
  const paint = new Uint32Array(SIDE * SIDE).fill(0xffffff);
  paint.fill(0xff0000, 100, 103);
  paint.fill(0x00ff00, 200, 220);
  const found = steps({ lines, paint }, 0xffffff, SIDE);
  assert.deepEqual(found.map(({ layer, pixels }) => [layer, pixels.length]), [['lines', 1], ['paint', 20], ['paint', 3]]);
});
