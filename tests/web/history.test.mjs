// Which drawings take the place of earlier ones in the history.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addsTo } from '../../demo/web/history.js';

const PAPER = 0xffffff;
const drawing = (lines, paint) => ({ lines: Uint8Array.from(lines), paint: Uint32Array.from(paint) });
const before = drawing([0, 255, 80], [PAPER, PAPER, 0x112233]);

test('more lines and more paint add to a drawing', () => {
  assert.ok(addsTo(before, before, PAPER));
  assert.ok(addsTo(drawing([255, 255, 80], [PAPER, PAPER, 0x112233]), before, PAPER));
  assert.ok(addsTo(drawing([0, 255, 90], [0x445566, PAPER, 0x112233]), before, PAPER));
});

test('a bucket that fills up under the lines of painted areas adds to a drawing', () => {
  const face = drawing([0, 255, 0], [0x112233, 0x112233, PAPER]);
  assert.ok(addsTo(drawing([0, 255, 0], [0x112233, 0x445566, 0x445566]), face, PAPER));
});

test('a drawing that lost a line or a colour is another one', () => {
  assert.ok(!addsTo(drawing([0, 0, 80], [PAPER, PAPER, 0x112233]), before, PAPER));
  assert.ok(!addsTo(drawing([0, 255, 80], [PAPER, PAPER, 0x445566]), before, PAPER));
  assert.ok(!addsTo(drawing([0, 255, 80], [PAPER, PAPER, PAPER]), before, PAPER));
});
