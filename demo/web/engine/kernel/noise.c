// The noise z: dropout masks from a seed, bit for bit those of pix2pix/networks/noise.py, which defines them.
//
// Philox-4x64-10 (Salmon et al., SC 2011) the way NumPy runs it: its counter is raised before the first block.

#include <stdint.h>

static uint64_t product_high(uint64_t a, uint64_t b) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
  uint64_t other = a_low * b_high + (uint32_t)middle;
  return a_high * b_high + (middle >> 32) + (other >> 32);
}

static void philox(uint64_t block, uint64_t level, uint64_t seed, uint64_t out[4]) {
  const uint64_t first = 0xD2E7470EE14C6C93u, second = 0xCA5A826395121157u;
  uint64_t a = block, b = level, c = 0, d = 0, key = seed, other_key = 0;
  for (int round = 0; round < 10; round++) {
    uint64_t high = product_high(first, a), low = first * a;
    uint64_t other_high = product_high(second, c), other_low = second * c;
    a = other_high ^ b ^ key;
    b = other_low;
    c = high ^ d ^ other_key;
    d = low;
    key += 0x9E3779B97F4A7C15u;
    other_key += 0xBB67AE8584CAA73Bu;
  }
  out[0] = a; out[1] = b; out[2] = c; out[3] = d;
}

// One mask: 0 where a unit is dropped, `keep` where it is kept.
//
// mask: (area, stride), of which it writes the first channels, while the stream's units stand in the order (channel,
// area).
// threshold: the rate times 2**32, rounded to even. level, seed: see noise.py, whose draw is 0, that of sampling.
__attribute__((export_name("dropout_mask")))
void dropout_mask(float *mask, int channels, int area, int stride, uint64_t threshold, float keep,
                  uint64_t seed, uint64_t level) {
  uint64_t words[4];
  for (int unit = 0, count = channels * area; unit < count; unit++) {
    int half = unit % 8;  // a block gives four words of 64 bits, each a low and a high half
    if (half == 0) philox(unit / 8 + 1, level, seed, words);
    uint64_t word = half % 2 ? words[half / 2] >> 32 : (uint32_t)words[half / 2];
    mask[unit % area * stride + unit / area] = word >= threshold ? keep : 0;
  }
}
