// A session gives the pictures that `Translator` gives, and says in words what it does not run.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fits, misfit, readTensors } from '../../demo/web/engine/checkpoint.js';
import { snapped } from '../../demo/web/engine/pixels.js';
import { Session } from '../../demo/web/engine/session.js';
import { builds, bytes, cases, json, referenced } from './support.mjs';

const drawn = cases().filter(({ drawing }) => drawing);
const [[, module]] = builds();
const config = (folder) => json(`${folder}/config.json`);
const open = ({ folder }) => new Session(module, config(folder), bytes(`${folder}/model.safetensors`));

async function all(pictures) {
  const found = [];
  for await (const each of pictures) found.push(each);
  return found;
}

for (const each of drawn) {
  test(`${each.name} draws as Translator does`, async () => {
    const drawing = new Uint8ClampedArray(bytes(referenced(each.name, 'drawing.bin')));
    const expected = new Uint8Array(bytes(referenced(each.name, 'pictures.bin')));
    const pictures = await all(open(each).translate(drawing, each.drawn));
    assert.equal(pictures.length, 5);
    pictures.forEach((picture, n) => {
      let differing = 0, most = 0;
      picture.forEach((value, i) => {
        const distance = Math.abs(value - expected[n * picture.length + i]);
        differing += distance > 0;
        most = Math.max(most, distance);
      });
      assert.ok(most <= 1 && differing <= picture.length / 1000, `${differing} bytes differ, by up to ${most} levels`);
    });
  });
}

test('the rate is the training\'s unless another is asked for', async () => {
  const session = open(drawn[0]), drawing = new Uint8ClampedArray(bytes(referenced(drawn[0].name, 'drawing.bin')));
  const { dropout } = config(drawn[0].folder).generator;
  const [own] = await all(session.translate(drawing, [7]));
  const [same, off] = [await all(session.translate(drawing, [7], dropout)), await all(session.translate(drawing, [7, 8], 0))];
  assert.deepEqual(same[0], own);
  assert.notDeepEqual(off[0], own);
  assert.deepEqual(off[0], off[1]);
});

test('the same picture again is not computed again, and another is', async () => {
  const session = open(drawn[0]), drawing = new Uint8ClampedArray(bytes(referenced(drawn[0].name, 'drawing.bin')));
  const other = drawing.map((value, i) => (i % 4 < 3 && i < 4000 ? 255 - value : value));
  let computed = 0;
  const compute = session.compute.bind(session);
  session.compute = (...all) => { computed += 1; return compute(...all); };
  const [first] = await all(session.translate(drawing, [3]));
  const [again] = await all(session.translate(drawing.slice(), [3]));
  assert.deepEqual(again, first);
  assert.equal(computed, 1);
  for (const [wanted, seeds, rate] of [[drawing, [4], undefined], [drawing, [4], 0.1], [other, [4], 0.1], [drawing, [3], undefined]]) {
    const [found] = await all(session.translate(wanted, seeds, rate));
    const [expected] = await all(open(drawn[0]).translate(wanted, seeds, rate));
    assert.deepEqual(found, expected);
  }
  assert.equal(computed, 5);
});

/** A graphics processor's network that fails at its second picture. */
class Failing {
  constructor(network) {
    this.network = network;
    this.left = 1;
    this.closed = false;
  }

  encode(picture) { this.network.encode(picture); }

  async decode(rate, seed) {
    if (this.left === 0) throw new Error('The graphics processor was lost.');
    this.left -= 1;
    return this.network.decode(rate, seed);
  }

  close() { this.closed = true; }
}

test('no frame is lost when the graphics processor fails', async () => {
  const session = open(drawn[0]), drawing = new Uint8ClampedArray(bytes(referenced(drawn[0].name, 'drawing.bin')));
  const expected = await all(session.translate(drawing, [1, 2, 3]));
  const gpu = new Failing(open(drawn[0]).network);
  session.use(gpu);
  assert.deepEqual(await all(session.translate(drawing, [1, 2, 3])), expected);
  assert.ok(gpu.closed);
  assert.equal(session.gpu, null);
});

test('a config fits or the reason is told', () => {
  const good = { generator: { features: 32, max_features: 128 }, task: { input: 'edges', image_size: 256 } };
  assert.equal(misfit(good), '');
  assert.ok(fits(good));
  for (const [change, reason] of [
    [{ features: 12 }, /features is 12/], [{ padding: 'reflect' }, /padding is reflect/], [{ skips: false }, /skips is false/],
    [{ head: 'resize' }, /head is resize/], [{ encoder_dropped_levels: [1] }, /encoder/], [{ out_channels: 2 }, /out_channels/],
    [{ activation: 'gelu' }, /activation is gelu/], [{ norm: 'group' }, /norm is group/], [{ depth: 9 }, /image_size is 256/],
    [{ attention: true }, /attention is not known/],
  ]) {
    assert.match(misfit({ ...good, generator: { ...good.generator, ...change } }), reason);
  }
  assert.match(misfit({ ...good, task: { input: 'photo', image_size: 256 } }), /input is photo/);
  assert.match(misfit({ ...good, task: {} }), /input is photo/);
  assert.match(misfit({ ...good, task: { input: 'edges', image_size: 512 } }), /image_size is 512/);
});

test('weights that are cut off are named as such, wherever they end', () => {
  const [{ folder }] = drawn, whole = bytes(`${folder}/model.safetensors`);
  for (const length of [0, 7, 8, 100, 20000, whole.byteLength - 2]) {
    assert.throws(() => readTensors(whole.slice(0, length)), /weights are damaged/);
  }
});

test('weights of another network are refused', () => {
  const [{ folder }] = drawn, other = config(folder);
  other.generator.max_features *= 2;
  assert.throws(() => new Session(module, other, bytes(`${folder}/model.safetensors`)), /do not fit their config/);
});

test('a pixel becomes the nearest colour, the first of two equally near', () => {
  const pixels = Uint8ClampedArray.of(10, 10, 10, 255, 250, 0, 4, 255, 128, 0, 0, 255);
  assert.deepEqual(
    snapped(pixels, ['#000000', '#ff0000', '#000001', '#01ff00']),
    Uint8ClampedArray.of(0, 0, 1, 255, 255, 0, 0, 255, 255, 0, 0, 255));
  assert.deepEqual(snapped(Uint8ClampedArray.of(5, 0, 0, 255), ['#0a0000', '#000000']), Uint8ClampedArray.of(10, 0, 0, 255));
});
