// The kernels of kernel/kernel.c for WebGPU, with the same names and arguments; addresses are in floats here.
//
// Three bindings: the weights, as vectors; the memory that the weights' addresses and all others are of; the arguments.

export const SHADERS = /* wgsl */ `
@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> memory: array<f32>;
@group(0) @binding(2) var<uniform> arguments: array<vec4u, 4>;

fn argument(i: u32) -> u32 { return arguments[i / 4][i % 4]; }
fn load4(i: u32) -> vec4f { return vec4f(memory[i], memory[i + 1], memory[i + 2], memory[i + 3]); }
fn store4(i: u32, v: vec4f) { memory[i] = v.x; memory[i + 1] = v.y; memory[i + 2] = v.z; memory[i + 3] = v.w; }

// in, in_row, in_step, line, taps, run, weights, add, add_row, add_step, out, out_row, out_step, height, width, channels
@compute @workgroup_size(64) fn convolve8(@builtin(global_invocation_id) id: vec3u) {
  let width = argument(14);
  let count = argument(13) * width;
  let groups = (count + 3) / 4;
  if (id.x >= groups * (argument(15) / 8)) { return; }
  let block = id.x / groups;
  let first = id.x % groups * 4;
  var source: array<u32, 4>;
  var goal: array<u32, 4>;
  var low: array<vec4f, 4>;
  var high: array<vec4f, 4>;
  for (var p = 0u; p < 4; p++) {
    let pixel = min(first + p, count - 1);
    let y = pixel / width;
    let x = pixel % width;
    let base = argument(7) + y * argument(8) + x * argument(9);
    source[p] = argument(0) + y * argument(1) + x * argument(2);
    goal[p] = argument(10) + y * argument(11) + x * argument(12) + block * 8;
    low[p] = load4(base + block * 8);
    high[p] = load4(base + block * 8 + 4);
  }
  let taps = argument(4);
  let run = argument(5);
  var w = argument(6) / 4 + block * taps * run * 2;
  for (var tap = 0u; tap < taps; tap++) {
    let begin = tap * argument(3);
    for (var k = begin; k < begin + run; k++) {
      let w0 = weights[w];
      let w1 = weights[w + 1];
      w += 2;
      for (var p = 0u; p < 4; p++) {
        let x = memory[source[p] + k];
        low[p] += x * w0;
        high[p] += x * w1;
      }
    }
  }
  for (var p = 0u; p < 4; p++) {
    if (first + p < count) {  // two threads must not write one place
      store4(goal[p], low[p]);
      store4(goal[p] + 4, high[p]);
    }
  }
}

var<workgroup> sums: array<vec4f, 64>;

fn total(thread: u32, value: vec4f) -> vec4f {
  workgroupBarrier();
  sums[thread] = value;
  for (var half = 32u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half) { sums[thread] += sums[thread + half]; }
  }
  workgroupBarrier();
  return sums[0];
}

// x, count, channels, weight, bias, scale, shift
@compute @workgroup_size(64) fn norm(
  @builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32
) {
  let x = argument(0) + group.x * 4;
  let count = argument(1);
  let channels = argument(2);
  var sum = vec4f(0);
  for (var i = thread; i < count; i += 64) { sum += load4(x + i * channels); }
  let mean = total(thread, sum) / f32(count);
  sum = vec4f(0);
  for (var i = thread; i < count; i += 64) {
    let distance = load4(x + i * channels) - mean;
    sum += distance * distance;
  }
  let scale = load4(argument(3) + group.x * 4) / sqrt(total(thread, sum) / f32(count) + 1e-5);
  if (thread == 0) {
    store4(argument(5) + group.x * 4, scale);
    store4(argument(6) + group.x * 4, load4(argument(4) + group.x * 4) - mean * scale);
  }
}

// x, height, width, channels, scale, shift, mask, mask_step, slope, most, out
@compute @workgroup_size(64) fn activate(@builtin(global_invocation_id) id: vec3u) {
  let channels = argument(3);
  let pixel = id.x / (channels / 4);
  let c = id.x % (channels / 4) * 4;
  let width = argument(2);
  if (pixel >= argument(1) * width) { return; }
  var y = load4(argument(0) + pixel * channels + c) * load4(argument(4) + c) + load4(argument(5) + c);
  y *= load4(argument(6) + pixel * argument(7) + c);
  y = max(y, vec4f(0)) + bitcast<f32>(argument(8)) * min(y, vec4f(0));
  let inside = (pixel / width + 1) * (width + 2) + pixel % width + 1;
  store4(argument(10) + inside * channels + c, min(y, vec4f(bitcast<f32>(argument(9)))));
}

// x, count
@compute @workgroup_size(64) fn hyperbolic_tangent(@builtin(global_invocation_id) id: vec3u) {
  let at = argument(0) + id.x * 4;
  if (id.x * 4 < argument(1)) { store4(at, tanh(clamp(load4(at), vec4f(-9), vec4f(9)))); }
}
`;
