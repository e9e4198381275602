import assert from 'node:assert/strict';
import { test } from 'node:test';

import { box, dab, line, oval, polygon, spans, square, straight } from '../../demo/web/raster.js';

const SIDE = 32;

/** The pixels that something draws, as "x,y". */
function drawn(draw, mirror = false) {
  const found = new Set();
  const write = (from, to) => {
    for (let at = from; at < to; at++) found.add(`${at % SIDE},${Math.floor(at / SIDE)}`);
  };
  draw(spans(SIDE, write, mirror));
  return found;
}

const rectangle = (left, top, right, bottom) => {
  const found = new Set();
  for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) found.add(`${x},${y}`);
  return found;
};

test('a dab has its size across and down, at every size', () => {
  for (let size = 1; size <= 12; size++) {
    const pixels = [...drawn((span) => dab(span, 15, 15, size))].map((text) => text.split(',').map(Number));
    for (const axis of [0, 1]) {
      const values = pixels.map((pixel) => pixel[axis]);
      assert.equal(Math.max(...values) - Math.min(...values) + 1, size);
    }
  }
});

test('small dabs by hand', () => {
  assert.deepEqual(drawn((span) => dab(span, 5, 5, 1)), new Set(['5,5']));
  assert.deepEqual(drawn((span) => dab(span, 5, 5, 2)), rectangle(5, 5, 6, 6));
});

test('what leaves the sheet is cut off at its edges and not written on the next row', () => {
  assert.deepEqual(drawn((span) => box(span, { x: -9, y: -9 }, { x: 1, y: 1 }, 0)), rectangle(0, 0, 1, 1));
  assert.deepEqual(drawn((span) => box(span, { x: 30, y: 30 }, { x: 99, y: 99 }, 0)), rectangle(30, 30, 31, 31));
  assert.deepEqual(drawn((span) => dab(span, -20, 15, 3)), new Set());
});

test('a mirror draws both halves', () => {
  assert.deepEqual(drawn((span) => dab(span, 3, 5, 1), true), new Set(['3,5', '28,5']));
});

test('a line is whole in every direction', () => {
  for (let turn = 0; turn < 24; turn++) {
    const [dx, dy] = [12 * Math.cos((turn * Math.PI) / 12), 12 * Math.sin((turn * Math.PI) / 12)].map(Math.round);
    const pixels = drawn((span) => line(span, { x: 15, y: 15 }, { x: 15 + dx, y: 15 + dy }, 1));
    assert.ok(pixels.has('15,15') && pixels.has(`${15 + dx},${15 + dy}`));
    assert.equal(pixels.size, Math.max(Math.abs(dx), Math.abs(dy)) + 1);
  }
});

test('boxes are the same from any corner', () => {
  const corners = [[4, 6], [20, 6], [20, 14], [4, 14]].map(([x, y]) => ({ x, y }));
  for (const [i, corner] of corners.entries()) {
    const opposite = corners[(i + 2) % 4];
    assert.deepEqual(drawn((span) => box(span, corner, opposite, 0)), rectangle(4, 6, 20, 14));
    const frame = drawn((span) => box(span, corner, opposite, 1));
    assert.equal(frame.size, 2 * 17 + 2 * 9 - 4);
  }
});

test('a filled oval lies in its box and has the area of an ellipse', () => {
  const pixels = drawn((span) => oval(span, { x: 2, y: 4 }, { x: 28, y: 24 }, 0));
  const box = rectangle(2, 4, 28, 24);
  for (const pixel of pixels) assert.ok(box.has(pixel));
  assert.ok(Math.abs(pixels.size - Math.PI * 13.25 * 10.25) < 30);
});

test('a filled polygon is its outline and what lies inside', () => {
  const corners = [{ x: 4, y: 4 }, { x: 20, y: 4 }, { x: 20, y: 20 }, { x: 4, y: 20 }];
  assert.deepEqual(drawn((span) => polygon(span, corners, 0)), rectangle(4, 4, 20, 20));
  const hollow = drawn((span) => polygon(span, corners, 1));
  assert.equal(hollow.size, 4 * 16);
});

test('Shift: steps of 15 degrees, and squares', () => {
  assert.deepEqual(straight({ x: 10, y: 10 }, { x: 110, y: 14 }), { x: 110, y: 10 });
  assert.deepEqual(straight({ x: 10, y: 10 }, { x: 20, y: 21 }), { x: 21, y: 21 });
  assert.deepEqual(square({ x: 10, y: 10 }, { x: 4, y: 13 }), { x: 4, y: 16 });
  assert.deepEqual(square({ x: 10, y: 10 }, { x: 15, y: 30 }), { x: 30, y: 30 });
});
