// What the browser keeps, in a store as small as a browser's.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const ROOM = 5000; // characters

class Store {
  setItem(key, value) {
    const others = Object.entries(this).filter(([name]) => name !== key);
    if (others.flat().join('').length + key.length + value.length > ROOM) throw new DOMException('full', 'QuotaExceededError');
    this[key] = value;
  }

  getItem(key) {
    return this[key] ?? null;
  }

  removeItem(key) {
    delete this[key];
  }
}

globalThis.localStorage = new Store();
globalThis.sessionStorage = new Store();
const { entries, keepEntry, keepWork, lastWork } = await import('../../demo/web/store.js');
const entry = (at, size = 400) => ({ model: 'cats', seed: 1, drawing: `${at} `.padEnd(size, 'x'), at, picture: '' });

test('a full store keeps the newest drawings', () => {
  for (let at = 1; at <= 30; at++) keepEntry(entry(at));
  const kept = entries().map(({ at }) => at);
  assert.ok(kept.length >= 8);
  assert.deepEqual(kept, Array.from({ length: kept.length }, (_, i) => 30 - i));
});

test('the drawing of this moment comes before those of the past', () => {
  const work = { model: 'cats', seed: 2, drawing: 'y'.repeat(3000) };
  keepWork(work);
  assert.equal(JSON.parse(localStorage.getItem('pix2pix work')).drawing, work.drawing);
  assert.equal(lastWork()?.drawing, work.drawing);
  assert.equal(entries()[0].at, 30);
});

test('a drawing that is too large for the store takes none of the others with it', () => {
  const before = entries().length;
  keepEntry(entry(31, 2 * ROOM));
  assert.equal(entries().length, before);
  keepEntry(entry(32));
  assert.equal(entries()[0].at, 32);
});

test('a full store of this tab takes no drawing from the history', () => {
  const before = entries().length;
  sessionStorage.setItem('other', 'z'.repeat(1500));
  keepWork({ model: 'cats', seed: 3, drawing: 'y'.repeat(3100) });
  assert.equal(entries().length, before);
});

test('one drawing at two rates is two entries', () => {
  globalThis.localStorage = new Store();
  keepEntry({ ...entry(1), rate: null });
  keepEntry({ ...entry(1), rate: 0 });
  keepEntry({ ...entry(1), at: 2, rate: 0 });
  assert.deepEqual(entries().map(({ rate }) => rate), [0, null]);
});
