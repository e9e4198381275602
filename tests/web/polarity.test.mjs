import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasLightLines, inverted } from '../../demo/web/polarity.js';

const SIDE = 64;
/** A ground with a line of 3 pixels across it. */
function drawn(ground, line) {
  const data = new Uint8ClampedArray(4 * SIDE * SIDE);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const row = Math.floor(at / SIDE);
    data.set([...(row >= 30 && row < 33 ? line : ground), 255], 4 * at);
  }
  return data;
}
const levels = (data, row) => [...data.slice(4 * SIDE * row, 4 * SIDE * row + 4)];

test('light lines are noticed on a dark ground of any colour, and dark lines and photos are none', () => {
  assert.ok(hasLightLines(drawn([0, 0, 0], [255, 255, 255])));
  assert.ok(hasLightLines(drawn([10, 30, 60], [240, 240, 250])));
  assert.ok(!hasLightLines(drawn([255, 255, 255], [0, 0, 0])));
  assert.ok(!hasLightLines(drawn([0, 0, 0], [0, 0, 0])));
  const photo = drawn([0, 0, 0], [0, 0, 0]);
  for (let at = 0; at < photo.length; at++) if (at % 4 < 3) photo[at] = (at * 37) % 200;
  assert.ok(!hasLightLines(photo));
});

test('a dark ground becomes white, and its lines as dark as they were light', () => {
  const dark = inverted(drawn([60, 60, 60], [255, 200, 60]));
  assert.deepEqual([levels(dark, 0), levels(dark, 31)], [[255, 255, 255, 255], [0, 0, 0, 255]]);
  const faint = inverted(drawn([55, 55, 55], [155, 155, 155]));
  assert.deepEqual(levels(faint, 31), [127, 127, 127, 255]); // 255 - 255 * 100 / 200
});
