import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PALETTE, channels, fromHsl, harmony, hex, nearest, parse, random } from '../../demo/web/colours.js';

test('numbers and texts', () => {
  for (const colour of [0, 0xffffff, 0x0a0b0c, ...PALETTE]) {
    assert.equal(parse(hex(colour)), colour);
    const [r, g, b] = channels(colour);
    assert.equal(r * 65536 + g * 256 + b, colour);
  }
});

test('colours by hue, by hand', () => {
  assert.deepEqual([0, 60, 120, 240].map((hue) => hex(fromHsl(hue, 1, 0.5))), ['#ff0000', '#ffff00', '#00ff00', '#0000ff']);
  assert.deepEqual([hex(fromHsl(77, 0, 0.5)), hex(fromHsl(200, 1, 1))], ['#808080', '#ffffff']);
});

test('the nearest colour', () => {
  assert.equal(nearest(0xfe0102, [0x00ff00, 0xff0000, 0x0000ff]), 0xff0000);
  for (const colour of PALETTE) assert.equal(nearest(colour, PALETTE), colour);
});

test('the palette has 12 to 16 colours that differ clearly', () => {
  assert.ok(PALETTE.length >= 12 && PALETTE.length <= 16);
  for (const [i, a] of PALETTE.entries()) {
    for (const b of PALETTE.slice(i + 1)) {
      const distance = Math.hypot(...channels(a).map((value, c) => value - channels(b)[c]));
      assert.ok(distance > 40, `${hex(a)} and ${hex(b)}`);
    }
  }
});

test('a seed decides the colours of an area for good, and another seed gives others', () => {
  assert.deepEqual(harmony(6, 3), harmony(6, 3));
  assert.notDeepEqual(harmony(6, 3), harmony(6, 4));
  assert.deepEqual(harmony(9, 3).slice(0, 5), harmony(5, 3));
  for (let seed = 0; seed < 200; seed++) {
    for (const colour of harmony(8, seed)) {
      assert.ok(colour !== 0xffffff && colour > 0x101010 && Number.isInteger(colour));
    }
  }
});

test('eight seeds in a row have eight hues', () => {
  for (const first of [0, 3, 637798]) {
    const found = Array.from({ length: 8 }, (_, i) => channels(harmony(1, first + i)[0]));
    for (const [i, a] of found.entries()) {
      for (const b of found.slice(i + 1)) assert.ok(Math.hypot(...a.map((value, c) => value - b[c])) > 40, `${a} and ${b}`);
    }
  }
});

test('fur and leather come from their own sets, the first colour for the largest area', () => {
  const sets = [[1, 2, 3], [4, 5]];
  assert.deepEqual(harmony(4, 0, sets), [1, 2, 3, 1]);
  assert.deepEqual(harmony(4, 3, sets), [4, 5, 4, 5]);
});

test('random numbers are spread from 0 to 1', () => {
  const dice = random(5);
  const values = Array.from({ length: 4000 }, dice);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03);
});
