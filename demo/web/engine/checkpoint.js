// A checkpoint folder's two files as they are: config.json and model.safetensors.

import { DRAWN, HANDLED, SIDE, CHANNEL_MULTIPLE } from '../rules.js';

/**
 * The arguments of `pix2pix.Generator`; what a config leaves out has the default of `GeneratorConfig`.
 * @typedef {object} GeneratorConfig
 * @property {number} in_channels
 * @property {number} out_channels
 * @property {number} features
 * @property {number} max_features
 * @property {number} depth
 * @property {number} dropout
 * @property {number[]} dropped_levels
 * @property {number[]} grain_levels
 * @property {'element' | 'channel'} dropout_kind
 * @property {'batch' | 'instance' | 'none'} norm
 * @property {'relu' | 'relu6'} activation
 */

/**
 * @typedef {object} Config
 * @property {GeneratorConfig} generator
 * @property {{input?: string, image_size?: number, palette?: Record<string, string>}} task
 */

/** @typedef {{shape: number[], data: Float32Array}} Tensor */

/** A tensor in a file's header. @typedef {{dtype: string, shape: number[], data_offsets: [number, number]}} Entry */

/**
 * All settings of a network, also those for which this engine supports only one value.
 * @typedef {GeneratorConfig & {skips: boolean, padding: string, head: string, encoder_dropped_levels: number[],
 *   skip_activation: string, innermost_activation: string, running_statistics: boolean}} CompleteConfig
 */

/** @type {CompleteConfig} */
const DEFAULTS = {
  in_channels: 3, out_channels: 3, features: 64, max_features: 512, depth: 8, dropout: 0.5, dropped_levels: [0, 1, 2],
  dropout_kind: 'element', grain_levels: [], skips: true, norm: 'batch', activation: 'relu', padding: 'zeros', head: 'transposed',
  encoder_dropped_levels: [], skip_activation: 'relu', innermost_activation: 'relu', running_statistics: false,
};

/**
 * Whether this engine runs a model; the server runs the rest.
 * @param {Config} config
 */
export const fits = (config) => misfit(config) === '';

/**
 * Why this engine does not run a model: a setting and its value, or nothing where it does.
 * @param {Config} config
 * @returns {string}
 */
export function misfit({ generator, task }) {
  const network = complete(generator), unknown = Object.keys(generator).find((name) => !(name in DEFAULTS));
  if (unknown) return `${unknown} is not known`;
  const settings = /** @type {Record<string, unknown>} */ (network);
  for (const [name, values] of Object.entries(HANDLED)) {
    if (!values.includes(settings[name])) return `${name} is ${settings[name]}`;
  }
  for (const [name, width] of Object.entries({ features: network.features, max_features: network.max_features })) {
    if (width % CHANNEL_MULTIPLE) return `${name} is ${width}, no multiple of ${CHANNEL_MULTIPLE}`;
  }
  if (network.encoder_dropped_levels.length) return 'the encoder has dropout';
  const size = task.image_size ?? 2 ** network.depth;
  if (size !== SIDE || size % 2 ** network.depth) return `image_size is ${size}`;
  const { input = 'photo' } = task;
  if (!DRAWN.includes(input)) return `input is ${input}`;
  return '';
}

/**
 * A config with every argument of the generator.
 * @param {Partial<GeneratorConfig>} generator
 * @returns {CompleteConfig}
 */
export const complete = (generator) => ({ ...DEFAULTS, ...generator });

/**
 * Channels of each encoder level, outermost first.
 * @param {GeneratorConfig} config
 */
export function widths({ depth, features, max_features: most }) {
  return Array.from({ length: depth }, (_, level) => Math.min(features * 2 ** level, most));
}

/**
 * The tensors of a safetensors file, as float32.
 * @param {ArrayBuffer} file
 * @returns {Record<string, Tensor>}
 * @throws {Error} the file is truncated, damaged, or holds numbers other than float16 and float32.
 */
export function readTensors(file) {
  /** @type {Record<string, Entry>} */
  let header;
  let start = 0;
  try {
    start = 8 + Number(new DataView(file).getBigUint64(0, true));
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, start - 8)));
  } catch {
    throw new Error('The weights are damaged: their header cannot be read.');
  }
  delete header.__metadata__;
  return Object.fromEntries(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    if (dtype !== 'F16' && dtype !== 'F32') throw new Error(`The weights are of type ${dtype}: only F16 and F32 are read.`);
    const count = shape.reduce((product, side) => product * side, 1);
    if (start + to > file.byteLength || to - from !== count * (dtype === 'F16' ? 2 : 4)) {
      throw new Error(`The weights are damaged: ${name} is incomplete.`);
    }
    const bytes = file.slice(start + from, start + to);  // a copy, since tensors may lie at odd addresses
    return [name, { shape, data: dtype === 'F32' ? new Float32Array(bytes) : widened(new Uint16Array(bytes)) }];
  }));
}

/** @type {Float32Array | undefined} */
let halves;

/**
 * Float16 numbers, given by their bits, as float32: by a table, since older browsers have no Float16Array.
 * @param {Uint16Array} bits
 */
function widened(bits) {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => {
    const sign = half >> 15 ? -1 : 1, exponent = half >> 10 & 31, fraction = (half & 1023) / 1024;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
  });
  const table = halves, numbers = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) numbers[i] = table[bits[i]];
  return numbers;
}
