import assert from 'node:assert/strict';
import { test } from 'node:test';

import { areas, bucket, enclosed, twins } from '../../demo/web/areas.js';
import { box, spans } from '../../demo/web/raster.js';

const SIDE = 64;

/** Alpha of lines around the box from (10, 10) to (50, 50), `thick` pixels wide, with a gap in its upper side. */
function outlined({ thick = 1, gap = 0 } = {}) {
  const lines = new Uint8Array(SIDE * SIDE);
  box(spans(SIDE, (from, to) => lines.fill(255, from, to), false), { x: 10, y: 10 }, { x: 50, y: 50 }, thick);
  for (let y = 5; y < 16; y++) for (let x = 30; x < 30 + gap; x++) lines[y * SIDE + x] = 0;
  return lines;
}

const paper = () => new Uint32Array(SIDE * SIDE).fill(0xffffff);
const at = (x, y) => y * SIDE + x;

test('a bucket fills what its outline encloses, whatever the gap up to 3 pixels', () => {
  for (const thick of [1, 2, 3]) {
    for (const gap of [0, 1, 2, 3]) {
      const filled = new Set(bucket(at(30, 30), paper(), outlined({ thick, gap }), SIDE));
      assert.ok(filled.has(at(12 + thick, 12 + thick)) && filled.has(at(48, 48)), 'into the corners');
      assert.ok(!filled.has(at(5, 5)) && !filled.has(at(31, 4)), `no leak through a gap of ${gap}, line of ${thick}`);
    }
  }
});

test('a wider gap is closed where paint would run off the sheet, and only there', () => {
  const filled = new Set(bucket(at(30, 30), paper(), outlined({ gap: 9 }), SIDE));
  assert.ok(filled.has(at(12, 12)) && !filled.has(at(2, 2)));
  const outside = new Set(bucket(at(2, 2), paper(), outlined({ gap: 9 }), SIDE));
  assert.ok(outside.has(at(60, 60)));
});

test('an open outline is not closed', () => {
  assert.ok(bucket(at(30, 30), paper(), outlined({ gap: 20 }), SIDE).includes(at(2, 2)));
});

test('paint lies under the lines, so that no seam stays', () => {
  const lines = outlined({ thick: 3 });
  const filled = new Set(bucket(at(30, 30), paper(), lines, SIDE));
  for (let y = 10; y <= 50; y++) {
    const inside = [...Array(41).keys()].map((x) => at(x + 10, y));
    assert.ok(inside.every((each) => filled.has(each) || lines[each]), 'between line and paint is nothing');
  }
  assert.ok(filled.has(at(30, 10)), 'under the line itself');
});

test('two areas beside one line do not run over each other', () => {
  const lines = outlined({ thick: 2 });
  const ground = paper();
  for (const each of bucket(at(30, 30), ground, lines, SIDE)) ground[each] = 0xff0000;
  const outside = bucket(at(2, 2), ground, lines, SIDE);
  assert.ok(outside.every((each) => lines[each] > 0 || ground[each] !== 0xff0000));
  assert.ok(!outside.includes(at(30, 30)));
});

test('without lines a bucket fills what is alike, through any gap', () => {
  const ground = Uint32Array.from(outlined({ gap: 1 }));
  assert.ok(bucket(at(30, 30), ground, null, SIDE).includes(at(2, 2)));
});

test('a line cannot be filled', () => {
  assert.deepEqual(bucket(at(30, 10), paper(), outlined(), SIDE), []);
});

test('areas as narrow as a pixel have a label too', () => {
  const free = new Uint8Array(SIDE * SIDE);
  for (let x = 0; x < SIDE; x++) free[at(x, 20)] = 1;
  const labels = areas(free, SIDE);
  assert.ok(labels[at(0, 20)] > 0);
  assert.equal(new Set(labels).size, 2);
});

test('enclosed areas: the largest first, none that touches the edge, none too small', () => {
  const lines = outlined();
  box(spans(SIDE, (from, to) => lines.fill(255, from, to), false), { x: 20, y: 20 }, { x: 32, y: 32 }, 1);
  box(spans(SIDE, (from, to) => lines.fill(255, from, to), false), { x: 40, y: 40 }, { x: 43, y: 43 }, 1);
  const found = enclosed(lines, SIDE);
  assert.equal(found.length, 2);
  assert.ok(found[0].length > found[1].length);
  assert.ok(found[0].includes(at(12, 12)) && found[1].includes(at(26, 26)));
  assert.ok(!found.flat().includes(at(2, 2)) && !found.flat().includes(at(41, 41)));
});

test('areas of the same size and shape are twins', () => {
  const lines = new Uint8Array(SIDE * SIDE);
  for (const [x, y, width, height] of [[4, 4, 20, 20], [30, 4, 20, 20], [4, 40, 20, 10], [34, 30, 10, 20]]) {
    box(spans(SIDE, (from, to) => lines.fill(255, from, to), false), { x, y }, { x: x + width, y: y + height }, 1);
  }
  const groups = twins(enclosed(lines, SIDE), SIDE);
  assert.deepEqual(groups.map((group) => group.length), [2, 1, 1], 'two squares; a wide box and a tall one');
  assert.ok(groups[0].flat().includes(at(10, 10)) && groups[0].flat().includes(at(40, 10)));
});
