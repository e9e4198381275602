// The arithmetic of the U-Net (pix2pix/networks/generator.py) for WebAssembly SIMD.
//
// Pictures lie channels last: (row, column, channel), float32. A picture that a convolution reads has a border of one
// pixel of zeros on each side, its padding. Steps between pixels and rows count floats.

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define LOAD(address) wasm_v128_load(address)
#define STORE(address, value) wasm_v128_store(address, value)
#define SPLAT(address) wasm_v128_load32_splat(address)
#define ALL(number) wasm_f32x4_splat(number)

// a * b + c. Relaxed SIMD rounds once where the processor can, which is also a third faster.
#ifdef __wasm_relaxed_simd__
#define MULTIPLY_ADD(a, b, c) wasm_f32x4_relaxed_madd(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)
#endif

enum { PART = 256 };  // numbers summed at a time: a longer float32 sum would lose its small digits

// A convolution, 4 pixels by 8 channels at a time: as many sums as registers hold.
//
// For each output pixel (y, x), `taps` rows of `run` floats are read from in + y * in_row + x * in_step, `line` apart.
// A row of a kernel's taps lies side by side in a picture with its channels last, so a run is taps times channels.
// The result is added to what lies at add + y * add_row + x * add_step, a bias (both steps 0) or a picture, and goes
// to out + y * out_row + x * out_step.
//
// weights: (channels / 8, taps, run, 8). channels: a multiple of 8.
EXPORT("convolve8")
void convolve8(const float *in, int in_row, int in_step, int line, int taps, int run, const float *weights,
               const float *add, int add_row, int add_step, float *out, int out_row, int out_step, int height,
               int width, int channels) {
  int count = height * width;
  for (int c = 0; c < channels; c += 8, weights += taps * run * 8)
    for (int i = 0; i < count; i += 4) {
      const float *from[4];
      float *to[4];
      v128_t start[8];
      for (int p = 0; p < 4; p++) {
        int j = i + p < count ? i + p : count - 1, y = j / width, x = j % width;  // past the end: the last again
        const float *base = add + y * add_row + x * add_step + c;
        from[p] = in + y * in_row + x * in_step;
        to[p] = out + y * out_row + x * out_step + c;
        start[2 * p] = LOAD(base);
        start[2 * p + 1] = LOAD(base + 4);
      }
      v128_t s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];
      v128_t s4 = start[4], s5 = start[5], s6 = start[6], s7 = start[7];
      const float *w = weights;
      for (int tap = 0; tap < taps; tap++) {
        const float *a0 = from[0] + tap * line, *a1 = from[1] + tap * line;
        const float *a2 = from[2] + tap * line, *a3 = from[3] + tap * line;
        for (int k = 0; k < run; k++, w += 8) {
          v128_t low = LOAD(w), high = LOAD(w + 4), x;
          x = SPLAT(a0 + k); s0 = MULTIPLY_ADD(x, low, s0); s1 = MULTIPLY_ADD(x, high, s1);
          x = SPLAT(a1 + k); s2 = MULTIPLY_ADD(x, low, s2); s3 = MULTIPLY_ADD(x, high, s3);
          x = SPLAT(a2 + k); s4 = MULTIPLY_ADD(x, low, s4); s5 = MULTIPLY_ADD(x, high, s5);
          x = SPLAT(a3 + k); s6 = MULTIPLY_ADD(x, low, s6); s7 = MULTIPLY_ADD(x, high, s7);
        }
      }
      STORE(to[0], s0); STORE(to[0] + 4, s1);
      STORE(to[1], s2); STORE(to[1] + 4, s3);
      STORE(to[2], s4); STORE(to[2] + 4, s5);
      STORE(to[3], s6); STORE(to[3] + 4, s7);
    }
}

// Batch norm by the picture's own statistics, as a scale and a shift for each channel.
//
// x: (count, channels). weight, bias, scale, shift: (channels), a multiple of 4.
EXPORT("norm")
void norm(const float *x, int count, int channels, const float *weight, const float *bias, float *scale,
          float *shift) {
  v128_t each = ALL(1.0f / count);
  for (int c = 0; c < channels; c += 4) {
    v128_t mean = ALL(0), variance = ALL(0);
    for (int i = 0; i < count;) {
      v128_t part = ALL(0);
      for (int end = i + PART < count ? i + PART : count; i < end; i++)
        part = wasm_f32x4_add(part, LOAD(x + i * channels + c));
      mean = wasm_f32x4_add(mean, part);
    }
    mean = wasm_f32x4_mul(mean, each);
    for (int i = 0; i < count;) {
      v128_t part = ALL(0);
      for (int end = i + PART < count ? i + PART : count; i < end; i++) {
        v128_t distance = wasm_f32x4_sub(LOAD(x + i * channels + c), mean);
        part = MULTIPLY_ADD(distance, distance, part);
      }
      variance = wasm_f32x4_add(variance, part);
    }
    v128_t deviation = wasm_f32x4_sqrt(MULTIPLY_ADD(variance, each, ALL(1e-5f)));
    v128_t s = wasm_f32x4_div(LOAD(weight + c), deviation);
    STORE(scale + c, s);
    STORE(shift + c, wasm_f32x4_sub(LOAD(bias + c), wasm_f32x4_mul(mean, s)));
  }
}

// Norm, dropout and activation in one pass, into the inside of a picture with a border.
//
// x: (height, width, channels). mask: (height, width, channels) for mask_step = channels, (channels) for 0.
// slope: of what is below zero; 0 is a ReLU. most: where the activation ends; infinity for none.
EXPORT("activate")
void activate(const float *x, int height, int width, int channels, const float *scale, const float *shift,
              const float *mask, int mask_step, float slope, float most, float *out) {
  v128_t zero = ALL(0), slopes = ALL(slope), end = ALL(most);
  for (int row = 0; row < height; row++)
    for (int column = 0; column < width; column++, x += channels, mask += mask_step) {
      float *to = out + ((row + 1) * (width + 2) + column + 1) * channels;
      for (int c = 0; c < channels; c += 4) {
        v128_t y = wasm_f32x4_add(wasm_f32x4_mul(LOAD(x + c), LOAD(scale + c)), LOAD(shift + c));
        y = wasm_f32x4_mul(y, LOAD(mask + c));
        y = MULTIPLY_ADD(slopes, wasm_f32x4_pmin(zero, y), wasm_f32x4_pmax(zero, y));
        STORE(to + c, wasm_f32x4_pmin(end, y));
      }
    }
}

// tanh in place, within 4e-7, by the quotient of polynomials that Eigen and ONNX Runtime use too.
//
// count: a multiple of 4.
EXPORT("hyperbolic_tangent")
void hyperbolic_tangent(float *x, int count) {
  static const float ABOVE[] = {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f,
                                5.12229709037114e-08f,  1.48572235717979e-05f, 6.37261928875436e-04f,
                                4.89352455891786e-03f};
  static const float BELOW[] = {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f,
                                4.89352518554385e-03f};
  for (int i = 0; i < count; i += 4) {
    v128_t t = wasm_f32x4_max(ALL(-9), wasm_f32x4_min(ALL(9), LOAD(x + i)));
    v128_t square = wasm_f32x4_mul(t, t), above = ALL(ABOVE[0]), below = ALL(BELOW[0]);
    for (int k = 1; k < 7; k++) above = MULTIPLY_ADD(above, square, ALL(ABOVE[k]));
    for (int k = 1; k < 4; k++) below = MULTIPLY_ADD(below, square, ALL(BELOW[k]));
    STORE(x + i, wasm_f32x4_div(wasm_f32x4_mul(above, t), below));
  }
}
