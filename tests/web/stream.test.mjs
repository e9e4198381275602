// A camera in a video: what is granted too late, or does not play, is switched off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stream } from '../../demo/web/stream.js';

/** A camera that is granted when the test says so. */
function cameras() {
  const granted = [];
  const getUserMedia = () =>
    new Promise((resolve) => {
      const track = { on: true, stop() { this.on = false; } };
      granted.push({ track, grant: () => resolve({ getTracks: () => [track] }) });
    });
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia } }, configurable: true });
  return granted;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('a camera plays until it is closed', async () => {
  const granted = cameras();
  const video = { srcObject: null, play: async () => {} };
  const stream = new Stream(video);
  const opened = stream.open(true);
  granted[0].grant();
  assert.equal(await opened, true);
  assert.ok(video.srcObject);
  stream.close();
  assert.equal(granted[0].track.on, false);
  assert.equal(video.srcObject, null);
});

test('a camera that is granted after the end is switched off', async () => {
  const granted = cameras();
  const video = { srcObject: null, play: async () => {} };
  const stream = new Stream(video);
  const opened = stream.open(true);
  stream.close();
  granted[0].grant();
  assert.equal(await opened, false);
  assert.equal(granted[0].track.on, false);
  assert.equal(video.srcObject, null);
});

test('of two that are asked for, the second alone stays on', async () => {
  const granted = cameras();
  const video = { srcObject: null, play: async () => {} };
  const stream = new Stream(video);
  const opened = [stream.open(true), stream.open(true)];
  granted[1].grant();
  await settled();
  granted[0].grant();
  assert.deepEqual(await Promise.all(opened), [false, true]);
  assert.deepEqual(granted.map(({ track }) => track.on), [false, true]);
});

test('a camera that does not play is switched off, and the caller is told', async () => {
  const granted = cameras();
  const video = { srcObject: null, play: async () => { throw new Error('NotAllowedError'); } };
  const opened = new Stream(video).open(true);
  granted[0].grant();
  await assert.rejects(opened, /NotAllowedError/);
  assert.equal(granted[0].track.on, false);
  assert.equal(video.srcObject, null);
});
