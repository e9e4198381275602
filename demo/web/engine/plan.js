// The U-Net of pix2pix/networks/generator.py as a list of steps over one memory: WebAssembly and WebGPU both run it.
//
// A step is a kernel's name and its arguments, in the order of kernel/kernel.c, addresses in bytes. As on the server,
// a transposed convolution of [up, skip] is the sum of one of each; the skip's knows no noise and is done by the
// encoder, once for all samples.

import { complete, widths } from './checkpoint.js';

/** @typedef {import('./checkpoint.js').GeneratorConfig} GeneratorConfig */
/** @typedef {import('./checkpoint.js').Tensor} Tensor */
/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {'convolve8' | 'norm' | 'activate' | 'hyperbolic_tangent'} Kernel */
/** @typedef {[number, number]} Rows the first, and the one after the last. */
/** @typedef {(changed: Rows) => Rows} Follow the rows that depend on some rows of the input picture. */
/**
 * @typedef {object} Step
 * @property {Kernel} kernel
 * @property {number[]} args
 * @property {Follow} [rows] of the result; missing where each depends on the whole picture, as after a norm.
 */
/**
 * @typedef {object} Mask of numbers in the order (area, stride).
 * @property {number} address
 * @property {number} channels that are dropped, the first ones.
 * @property {number} area in units, 1 where whole channels are dropped.
 * @property {number} stride channels of the level. Those that are not dropped are ones.
 */

/**
 * @typedef {object} Plan
 * @property {Step[]} encoding from the input picture to all that the decoder needs.
 * @property {Step[]} decoding from there and the masks to the output picture.
 * @property {{address: number, channels: number, side: number}} input with its border.
 * @property {{address: number, channels: number, side: number}} output with a border, which means nothing. The channels
 *   that the network does not have are zero.
 * @property {Mask[]} masks in the order of `GeneratorConfig.noise_shapes`.
 */

/**
 * A decoder level.
 * @typedef {object} Up
 * @property {number} sum where both halves lie in the end.
 * @property {number} inside where its finished picture lies.
 * @property {(skip: number, rows?: Follow) => Step[]} share the half that knows no noise, from a skip.
 * @property {(up: number) => Step[]} add the other half, from what comes up.
 * @property {(mask: Mask | undefined) => Step[]} finish norm, dropout and activation.
 */

/** Channels of the output picture: at most 4, so that two pixels side by side fill the 8 of `convolve8`. */
const LANES = 4;

/** Rows of a 4x4 kernel: output row 2r reads input rows r - 1 and r by 3 and 1; row 2r + 1 reads r and r + 1 by 2 and 0. */
const PHASE = [[3, 1], [2, 0]];

/** One in this many channels of a level with grain drops single units, as in pix2pix/networks/config.py. */
const GRAIN_SHARE = 8;

const BYTES = 4;      // of a float32
const LEAKY = 0.2;
const NO_END = 3e38;  // of an activation; WGSL has no infinity

/**
 * @param {Partial<GeneratorConfig>} generator
 * @param {Record<string, Tensor>} tensors
 * @param {Layout} layout
 * @param {number} size of the picture, a multiple of 2 ** depth.
 * @returns {Plan}
 * @throws {Error} a tensor is missing or has another shape.
 */
export function plan(generator, tensors, layout, size) {
  return new Planner(complete(generator), tensors, layout).plan(size);
}

class Planner {
  /**
   * @param {GeneratorConfig} config
   * @param {Record<string, Tensor>} tensors
   * @param {Layout} layout
   */
  constructor(config, tensors, layout) {
    this.config = config;
    this.tensors = tensors;
    this.layout = layout;
    this.widths = widths(config);
    const widest = Math.max(...this.widths);
    this.zeros = layout.holding(new Float32Array(widest));
    this.ones = layout.holding(new Float32Array(widest).fill(1));
    this.scale = layout.room(widest);
    this.shift = layout.room(widest);
    this.normed = config.norm !== 'none';  // without norms, every convolution has a bias
  }

  /** @param {number} size @returns {Plan} */
  plan(size) {
    const { layout, config: { depth, in_channels: inputs } } = this;
    const input = { address: layout.bordered(size, inputs), channels: inputs, side: size };
    const masks = this.masks(size), levels = this.decoder(size), head = this.head(size), decoder = [...levels, head];
    /** @type {Step[]} */
    const encoding = [];
    /** @type {Step[]} */
    const decoding = [];
    let at = input.address;
    let rows = /** @type {Follow | undefined} */ ((changed) => changed);
    for (let level = 0; level < depth; level++) {
      const down = this.down(level, at, size >> level + 1, rows);
      encoding.push(...down.steps, ...decoder[depth - 1 - level].share(down.skip, down.rows));
      [at, rows] = [down.next, down.rows];
    }
    for (const [level, up] of levels.entries()) {
      if (level > 0) decoding.push(...up.add(at));
      decoding.push(...up.finish(masks.get(level)));
      at = up.inside;
    }
    const output = { address: head.sum, channels: LANES, side: size };
    decoding.push(...head.add(at), { kernel: 'hyperbolic_tangent', args: [head.sum, LANES * (size + 2) ** 2] });
    return { encoding, decoding, input, output, masks: [...masks.values()] };
  }

  /** The masks by their decoder level. @param {number} size @returns {Map<number, Mask>} */
  masks(size) {
    const { depth, dropped_levels: dropped, grain_levels: grained, dropout_kind: kind } = this.config;
    return new Map([...dropped, ...grained].map((level) => {
      const stride = this.widths[depth - 2 - level], grain = grained.includes(level);
      const channels = grain ? Math.floor(stride / GRAIN_SHARE) : stride;
      const area = kind === 'channel' && !grain ? 1 : (size >> depth - 1 - level) ** 2;
      return [level, { address: this.layout.holding(new Float32Array(stride * area).fill(1)), channels, area, stride }];
    }));
  }

  /**
   * One encoder level. The next reads the values after a leaky ReLU, the decoder those after a ReLU.
   * @param {number} level
   * @param {number} from the picture before it.
   * @param {number} side of the picture after it.
   * @param {Follow} [rowsBefore] of the picture before it.
   */
  down(level, from, side, rowsBefore) {
    const { layout, config: { depth, in_channels: inputs } } = this;
    const width = this.widths[level], before = level ? this.widths[level - 1] : inputs;
    const name = `encoder.${level}`, normed = this.normed && level > 0 && level < depth - 1;
    const kernel = this.tensor(`${name}.conv.weight`, [width, before, 4, 4]);
    const weights = this.packed(width, [0, 1, 2, 3], [0, 1, 2, 3], before,
      (o, i, y, x) => kernel[((o * before + i) * 4 + y) * 4 + x]);
    const bias = normed ? this.zeros : layout.holding(this.tensor(`${name}.conv.bias`, [width]));
    const out = layout.room(side * side * width);
    const line = (2 * side + 2) * before;
    const convolved = rowsBefore && halved(rowsBefore, side), rows = normed ? undefined : convolved;
    /** @type {Step[]} */
    const steps = [{ kernel: 'convolve8', rows: convolved, args: [
      from, 2 * line, 2 * before, line, 4, 4 * before, weights, bias, 0, 0, out, side * width, width, side, side, width,
    ] }];
    const norm = normed ? this.norm(`${name}.norm`, out, side, width) : null;
    if (norm) steps.push(norm);
    const after = norm ? [this.scale, this.shift] : [this.ones, this.zeros];
    const activated = (/** @type {number} */ slope) => {
      const to = layout.bordered(side, width);
      steps.push({ ...this.activate(out, side, width, after, undefined, slope, NO_END, to), rows });
      return to;
    };
    const next = level < depth - 1 ? activated(LEAKY) : 0;
    return { steps, next, skip: activated(0), rows };
  }

  /** The decoder levels, innermost first, without the head. @param {number} size @returns {Up[]} */
  decoder(size) {
    const { layout, config: { depth, activation } } = this;
    const most = activation === 'relu6' ? 6 : NO_END;
    return this.widths.slice(0, -1).reverse().map((width, level) => {
      const name = `decoder.${level}`, before = this.widths[depth - 1 - level], side = size >> depth - level;
      const kernel = this.tensor(`${name}.conv.weight`, [level ? 2 * before : before, width, 4, 4]);
      const half = (/** @type {number} */ first) => [0, 1, 2, 3].map((phase) => this.packed(width, PHASE[phase >> 1], PHASE[phase & 1], before,
        (o, i, y, x) => kernel[(((first + i) * width + o) * 4 + y) * 4 + x]));
      const ofUp = level ? half(0) : [], ofSkip = half(level ? before : 0);
      const share = layout.room(4 * side * side * width);
      const sum = level ? layout.room(4 * side * side * width) : share;  // the innermost level has no skip
      const inside = layout.bordered(2 * side, width);
      const norm = this.normed ? [this.norm(`${name}.norm`, sum, 2 * side, width)] : [];
      const after = this.normed ? [this.scale, this.shift] : [this.ones, layout.holding(this.tensor(`${name}.conv.bias`, [width]))];
      return {
        sum, inside,
        share: (skip, rows) => phases(skip, before, ofSkip, null, this.zeros, share, side, width, rows),
        add: (up) => phases(up, before, ofUp, share, 0, sum, side, width),
        finish: (mask) => [...norm, this.activate(sum, 2 * side, width, after, mask, 0, most, inside)],
      };
    });
  }

  /**
   * The last transposed convolution. Its channels are few, so two columns of the output are done as one pixel of
   * 2 * `LANES` channels: from input columns c - 1 and c come output columns 2c - 1 and 2c, and so with the rows. One
   * row and column too many at either end become the border.
   * @param {number} size
   * @returns {Pick<Up, 'sum' | 'share' | 'add'>}
   */
  head(size) {
    const { layout, config: { out_channels: channels } } = this, before = this.widths[0], side = size / 2;
    const kernel = this.tensor('head.weight', [2 * before, channels, 4, 4]);
    const [even, odd] = PHASE;
    const half = (/** @type {number} */ first) => [odd, even].map((rows) => this.packed(2 * LANES, rows, [0, 1], before, (lane, i, y, tap) => {
      const x = (lane < LANES ? odd : even)[tap], o = lane % LANES;
      return o < channels ? kernel[(((first + i) * channels + o) * 4 + y) * 4 + x] : 0;
    }));
    const ofUp = half(0), ofSkip = half(before), bias = this.headBias(channels);
    const share = layout.bordered(size, LANES), sum = layout.bordered(size, LANES);
    const line = (side + 2) * before, row = (size + 2) * LANES;
    /** @type {(from: number, kernels: number[], add: number | null, to: number, rows?: Follow) => Step[]} */
    const steps = (from, kernels, add, to, rows) => kernels.map((weights, a) => {
      const base = add === null ? [bias, 0, 0] : [add + BYTES * a * row, 2 * row, 2 * LANES];
      return { kernel: 'convolve8', rows, args: [from, line, before, line, 2, 2 * before, weights, ...base,
        to + BYTES * a * row, 2 * row, 2 * LANES, side + 1, side + 1, 2 * LANES] };
    });
    // A pair of output rows reads an input row and the one before it.
    /** @type {(follow: Follow) => Follow} */
    const pairs = (follow) => (changed) => [follow(changed)[0], follow(changed)[1] + 1];
    return {
      sum,
      share: (skip, rows) => steps(skip, ofSkip, null, share, rows && pairs(rows)),
      add: (up) => steps(up, ofUp, share, sum),
    };
  }

  /** The head's bias, for two pixels. @param {number} channels of the network's output. */
  headBias(channels) {
    const values = this.tensor('head.bias', [channels]), bias = new Float32Array(2 * LANES);
    bias.set(values);
    bias.set(values, LANES);
    return this.layout.holding(bias);
  }

  /** @param {string} name @param {number} x @param {number} side @param {number} width @returns {Step} */
  norm(name, x, side, width) {
    const learned = this.config.norm === 'batch';  // an instance norm has neither
    const [weight, bias] = learned
      ? ['weight', 'bias'].map((part) => this.layout.holding(this.tensor(`${name}.${part}`, [width])))
      : [this.ones, this.zeros];
    return { kernel: 'norm', args: [x, side * side, width, weight, bias, this.scale, this.shift] };
  }

  /**
   * @param {number} x @param {number} side @param {number} width
   * @param {number[]} after addresses of the channels' scales and shifts, which come first.
   * @param {Mask | undefined} mask
   * @param {number} slope below zero. @param {number} most where it ends. @param {number} to
   * @returns {Step}
   */
  activate(x, side, width, [scale, shift], mask, slope, most, to) {
    const step = mask && mask.area > 1 ? width : 0;
    return { kernel: 'activate', args: [x, side, side, width, scale, shift, mask?.address ?? this.ones, step, slope, most, to] };
  }

  /** @param {string} name @param {number[]} shape */
  tensor(name, shape) {
    const found = this.tensors[name];
    if (!found || found.shape.join() !== shape.join()) {
      throw new Error(`The weights do not fit their config: ${name} is ${found ? found.shape.join(' x ') : 'missing'}.`);
    }
    return found.data;
  }

  /**
   * Weights in the order in which `convolve8` reads them: (channels / 8, rows, columns, inputs, 8).
   * @param {number} channels
   * @param {number[]} rows of the kernel. @param {number[]} columns of the kernel.
   * @param {number} inputs
   * @param {(output: number, input: number, row: number, column: number) => number} weight
   * @returns {number} their address.
   */
  packed(channels, rows, columns, inputs, weight) {
    const numbers = new Float32Array(channels * rows.length * columns.length * inputs);
    let at = 0;
    for (let block = 0; block < channels; block += 8) {
      for (const row of rows) {
        for (const column of columns) {
          for (let input = 0; input < inputs; input++) {
            for (let output = block; output < block + 8; output++) numbers[at++] = weight(output, input, row, column);
          }
        }
      }
    }
    return this.layout.holding(numbers);
  }
}

/**
 * The rows after a 4x4, stride-2 convolution that read some rows before it.
 * @param {Follow} follow @param {number} side after the convolution. @returns {Follow}
 */
const halved = (follow, side) => (changed) => {
  const [first, end] = follow(changed);
  return [Math.max(0, Math.ceil(first / 2) - 1), Math.min(side, Math.floor(end / 2) + 1)];
};

/**
 * The rows that read some rows themselves, the one above or the one below.
 * @param {Follow} follow @param {number} side @returns {Follow}
 */
const neighbouring = (follow, side) => (changed) => {
  const [first, end] = follow(changed);
  return [Math.max(0, first - 1), Math.min(side, end + 1)];
};

/**
 * A 4x4, stride-2 transposed convolution as four 2x2 convolutions, one for each phase of the output (see `PHASE`).
 * @param {number} from a picture with a border. @param {number} before its channels.
 * @param {number[]} kernels of the phases.
 * @param {number | null} add a picture that the result is added to; null: `bias` is.
 * @param {number} bias
 * @param {number} out
 * @param {number} side of the picture before. @param {number} width channels of the result.
 * @param {Follow} [rowsBefore] of the picture before.
 * @returns {Step[]}
 */
function phases(from, before, kernels, add, bias, out, side, width, rowsBefore) {
  const line = (side + 2) * before, row = 2 * side * width;  // of the pictures before and after, in floats
  const rows = rowsBefore && neighbouring(rowsBefore, side);
  return kernels.map((weights, phase) => {
    const a = phase >> 1, b = phase & 1, to = BYTES * (a * row + b * width);
    const base = add === null ? [bias, 0, 0] : [add + to, 2 * row, 2 * width];
    return { kernel: 'convolve8', rows, args: [from + BYTES * (a * line + b * before), line, before, line, 2, 2 * before,
      weights, ...base, out + to, 2 * row, 2 * width, side, side, width] };
  });
}
