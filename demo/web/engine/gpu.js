// A generator on the graphics processor: the same plan's steps and addresses, run by WebGPU.

import { SHADERS } from './shaders.js';

const BYTES = 4;           // of a float32
const ARGUMENTS = 16;      // of a step, at most
const SLOT = 256;          // bytes from one step's arguments to the next, as WebGPU's uniform offsets want it
const THREADS = 64;        // of a workgroup

/** @typedef {import('./network.js').Network} Network */
/** @typedef {import('./plan.js').Step} Step */
/** @typedef {import('./plan.js').Kernel} Kernel */

/** Which arguments of a kernel are addresses, and which are real numbers. */
/** @type {Record<Kernel, number[]>} */
const ADDRESSES = { convolve8: [0, 6, 7, 10], norm: [0, 3, 4, 5, 6], activate: [0, 4, 5, 6, 10], hyperbolic_tangent: [0] };
/** @type {Record<Kernel, number[]>} */
const REALS = { convolve8: [], norm: [], activate: [8, 9], hyperbolic_tangent: [] };

/** How many workgroups a step needs. @type {Record<Kernel, (args: number[]) => number>} */
const GROUPS = {
  convolve8: (args) => Math.ceil(Math.ceil(args[13] * args[14] / 4) * (args[15] / 8) / THREADS),
  norm: (args) => args[2] / 4,
  activate: (args) => Math.ceil(args[1] * args[2] * args[3] / 4 / THREADS),
  hyperbolic_tangent: (args) => Math.ceil(args[1] / 4 / THREADS),
};

/**
 * The graphics processor, if there is a real one: one that is done in software is slower than WebAssembly.
 * @returns {Promise<GPUAdapter | null>}
 */
export async function realAdapter() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' }) ?? null;
  const older = /** @type {{isFallbackAdapter?: boolean} | null} */ (adapter);  // where it stood before it moved into `info`
  const software = !adapter || older?.isFallbackAdapter || adapter.info?.isFallbackAdapter
    || /swiftshader|llvmpipe|lavapipe|warp|software/i.test(nameOf(adapter));
  return software ? null : adapter;
}

/** What tells one graphics processor from another. @param {GPUAdapter} adapter */
export function nameOf({ info }) {
  return [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean).join(' ');
}

/** Does what a `Network` does, with its memory's contents and its masks; `decode` answers later. */
export class GpuNetwork {
  /**
   * @param {Network} network whose weights and plan are used.
   * @param {GPUAdapter} adapter
   * @throws {Error} it cannot hold the network, or cannot compile the kernels.
   */
  static async open(network, adapter) {
    const size = network.kernels.memory.buffer.byteLength;
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    if (Math.min(maxStorageBufferBindingSize, maxBufferSize) < size) throw new Error('The graphics memory is too small.');
    const requiredLimits = { maxStorageBufferBindingSize: size, maxBufferSize: size };
    const device = await adapter.requestDevice(size > 2 ** 27 ? { requiredLimits } : {});
    const gpu = new GpuNetwork(network, device, size);
    await gpu.compile();
    return gpu;
  }

  /** @param {Network} network @param {GPUDevice} device @param {number} size of the network's memory, in bytes. */
  constructor(network, device, size) {
    this.network = network;
    this.device = device;
    /** The noise whose masks its memory holds; see `Network.noise`. */
    this.noise = network.noise;
    /** What went wrong. The device tells it at any time, so every answer looks here. @type {string} */
    this.fault = '';
    device.lost.then(({ message }) => { this.fault ||= message || 'The graphics processor was lost.'; });
    device.onuncapturederror = ({ error }) => { this.fault ||= error.message; };
    const { plan, kernels } = network;
    const buffer = (/** @type {number} */ bytes, /** @type {number} */ usage) => device.createBuffer({ size: bytes, usage: usage | GPUBufferUsage.COPY_DST });
    this.weights = buffer(size, GPUBufferUsage.STORAGE);
    this.memory = buffer(size, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
    for (const each of [this.weights, this.memory]) device.queue.writeBuffer(each, 0, kernels.memory.buffer);
    const steps = [...plan.encoding, ...plan.decoding];
    this.arguments = buffer(steps.length * SLOT, GPUBufferUsage.UNIFORM);
    device.queue.writeBuffer(this.arguments, 0, packed(steps));
    const { side, channels } = plan.output;
    this.answer = buffer((side + 2) ** 2 * channels * BYTES, GPUBufferUsage.MAP_READ);
  }

  async compile() {
    const { device } = this;
    /** @type {GPUBufferBindingType[]} */
    const kinds = ['read-only-storage', 'storage', 'uniform'];
    const layout = device.createBindGroupLayout({
      entries: kinds.map((type, binding) => (
        { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type, hasDynamicOffset: type === 'uniform' } })),
    });
    this.group = device.createBindGroup({
      layout,
      entries: [this.weights, this.memory, this.arguments].map((buffer, binding) => (
        { binding, resource: binding === 2 ? { buffer, size: ARGUMENTS * BYTES } : { buffer } })),
    });
    const module = device.createShaderModule({ code: SHADERS });
    const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
    this.pipelines = Object.fromEntries(await Promise.all(Object.keys(GROUPS).map(async (entryPoint) => (
      [entryPoint, await device.createComputePipelineAsync({ layout: pipelineLayout, compute: { module, entryPoint } })]))));
  }

  /** @param {Float32Array} picture (size, size, channels) in [-1, 1]. */
  encode(picture) {
    const { network, network: { plan: { input, encoding } } } = this;
    network.load(picture);
    this.upload(input.address, (input.side + 2) ** 2 * input.channels);
    this.submit(encoding, 0);
  }

  /**
   * @param {number} rate @param {number | bigint} seed
   * @returns {Promise<Float32Array>} as `Network.decode`.
   * @throws {Error} the graphics processor failed, now or since the last answer.
   */
  async decode(rate, seed) {
    const { network, network: { plan: { masks, output, encoding, decoding } } } = this;
    network.drop(rate, seed);
    if (this.noise !== network.noise) {
      this.noise = network.noise;
      for (const { address, area, stride } of masks) this.upload(address, stride * area);
    }
    this.submit(decoding, encoding.length, (commands) => {
      commands.copyBufferToBuffer(this.memory, output.address, this.answer, 0, this.answer.size);
    });
    await this.answer.mapAsync(GPUMapMode.READ);
    const bordered = new Float32Array(this.answer.getMappedRange()).slice();
    this.answer.unmap();
    if (this.fault) throw new Error(this.fault);
    return network.inside(bordered);
  }

  close() {
    this.device.destroy();
  }

  /** Copy numbers of the network's memory. @param {number} address @param {number} count */
  upload(address, count) {
    this.device.queue.writeBuffer(this.memory, address, this.network.kernels.memory.buffer, address, count * BYTES);
  }

  /**
   * @param {Step[]} steps
   * @param {number} first the place of their first among all.
   * @param {(commands: GPUCommandEncoder) => void} [then]
   */
  submit(steps, first, then) {
    const commands = this.device.createCommandEncoder(), pass = commands.beginComputePass();
    steps.forEach(({ kernel, args }, i) => {
      pass.setPipeline(this.pipelines[kernel]);
      pass.setBindGroup(0, this.group, [(first + i) * SLOT]);
      pass.dispatchWorkgroups(GROUPS[kernel](args));
    });
    pass.end();
    then?.(commands);
    this.device.queue.submit([commands.finish()]);
  }
}

/** The arguments of steps as the kernels read them, `SLOT` bytes each. @param {Step[]} steps */
function packed(steps) {
  const whole = new Uint32Array(steps.length * SLOT / BYTES), reals = new Float32Array(whole.buffer);
  steps.forEach(({ kernel, args }, i) => args.forEach((value, k) => {
    const at = i * SLOT / BYTES + k;
    if (REALS[kernel].includes(k)) reals[at] = value;
    else whole[at] = ADDRESSES[kernel].includes(k) ? value / BYTES : value;
  }));
  return whole;
}
