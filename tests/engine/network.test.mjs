// The network and its noise are Python's, on every bundled model that it runs and on small ones of every kind that fits.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readTensors } from '../../demo/web/engine/checkpoint.js';
import { Network } from '../../demo/web/engine/network.js';
import { builds, bytes, cases, json, referenced } from './support.mjs';

const open = (module, { folder, size }) => new Network(
  module, json(`${folder}/config.json`).generator, readTensors(bytes(`${folder}/model.safetensors`)), size);

test('node runs the plain build at least', () => assert.ok(builds().some(([name]) => name === 'plain')));

for (const [build, module] of builds()) {
  for (const each of cases()) {
    test(`${build}: ${each.name} is Python's engine`, () => {
      const network = open(module, each);
      const picture = new Float32Array(bytes(referenced(each.name, 'x.bin')));
      const expected = new Float32Array(bytes(referenced(each.name, 'y.bin')));
      const channels = each.channels, area = each.size ** 2;
      network.encode(picture);
      each.noises.forEach(([rate, seed], n) => {
        const result = network.decode(rate, seed);
        let worst = 0;
        for (let i = 0; i < area; i++) {
          for (let c = 0; c < channels; c++) {
            worst = Math.max(worst, Math.abs(result[4 * i + c] - expected[(n * area + i) * channels + c]));
          }
        }
        assert.ok(worst <= 1e-4, `differs by ${worst} at rate ${rate}, seed ${seed}`);
      });
    });

    test(`${build}: masks of ${each.name} are NumPy's, bit for bit`, () => {
      const network = open(module, each);
      let at = 0;
      const expected = new Uint8Array(bytes(referenced(each.name, 'masks.bin')));
      for (const [rate, seed] of each.seeds) {
        network.drop(rate, BigInt(seed));
        for (const { address, channels, area, stride } of network.plan.masks) {
          const mask = network.numbers(address, stride * area), units = new Float32Array(channels * area);
          mask.forEach((value, i) => {
            const channel = i % stride;
            if (channel < channels) units[channel * area + Math.floor(i / stride)] = value;
            else assert.equal(value, 1);
          });
          const found = new Uint8Array(units.buffer);
          assert.deepEqual(found, expected.subarray(at, at + found.length), `rate ${rate}, seed ${seed}`);
          at += found.length;
        }
      }
      assert.equal(at, expected.length);
    });
  }
}

for (const each of cases().filter(({ name, size }, i, all) => name === 'no norms' || all.findIndex((other) => other.size === size) === i)) {
  test(`strokes on ${each.name} give what the whole picture gives, wherever they are`, () => {
    const [[, module]] = builds(), network = open(module, each), afresh = open(module, each);
    const picture = new Float32Array(bytes(referenced(each.name, 'x.bin')));
    const { size } = each, line = picture.length / size;
    const strokes = [[0, 1], [size - 1, size], [1, 2], [2, 3], [3, 4], [size / 2 - 1, size / 2 + 2], [size - 3, size - 1], [0, size], [5, 5]];
    network.encode(picture);
    for (const [first, end] of strokes) {
      const next = picture.slice();
      for (let i = first * line; i < end * line; i++) next[i] = -next[i] + 0.1;
      network.encode(next);
      afresh.picture = null;
      afresh.encode(next);
      assert.deepEqual(network.decode(0.5, 1), afresh.decode(0.5, 1), `rows ${first} to ${end}`);
    }
    network.load(picture.map(() => 0));  // as WebGPU does, before it fails
    network.encode(picture);
    afresh.encode(picture);
    assert.deepEqual(network.decode(0.5, 1), afresh.decode(0.5, 1));
  });
}

test('the next picture leaves nothing behind', () => {
  const [[, module]] = builds(), [each] = cases().slice(-1), network = open(module, each);
  const picture = new Float32Array(bytes(referenced(each.name, 'x.bin')));
  network.encode(picture);
  const before = network.decode(0.5, 1);
  network.encode(picture.map((value) => -value));
  network.decode(0.9, 2);
  network.encode(picture);
  assert.deepEqual(network.decode(0.5, 1), before);
});
