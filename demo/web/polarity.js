// Light lines on a dark ground: whether a picture has them, and the same as dark lines on white.

const DARKEST = 85; // highest level of a dark ground
const EVEN = 16; // levels by which an even ground may vary
const LEAST = 40; // levels by which a line is lighter than the ground

/** The median of each channel. @param {Uint8ClampedArray} data RGBA */
function ground(data) {
  return [0, 1, 2].map((channel) => {
    const counts = new Uint32Array(256);
    for (let at = channel; at < data.length; at += 4) counts[data[at]] += 1;
    let level = 0;
    for (let below = counts[0]; 2 * below < data.length / 4; below += counts[level]) level += 1;
    return level;
  });
}

/** Whether a picture is a few light lines on an even, dark ground. @param {Uint8ClampedArray} data RGBA */
export function hasLightLines(data) {
  const base = ground(data);
  if (Math.max(...base) >= DARKEST) return false;
  let even = 0, light = 0;
  for (let at = 0; at < data.length; at += 4) {
    const differences = base.map((level, channel) => data[at + channel] - level);
    if (differences.every((each) => Math.abs(each) <= EVEN)) even += 1;
    if (differences.some((each) => each > LEAST)) light += 1;
  }
  const all = data.length / 4;
  return even > 0.6 * all && light > 0.001 * all && light < 0.25 * all;
}

/**
 * Light lines as dark lines on white, as `inverted` in pix2pix/pictures/drawings.py makes them: the ground, of whatever
 * colour, becomes white.
 * @param {Uint8ClampedArray} data RGBA
 * @returns {Uint8ClampedArray<ArrayBuffer>} RGBA
 */
export function inverted(data) {
  let base = ground(data);
  if (base[0] + base[1] + base[2] > 3 * 127) base = [0, 0, 0];
  const result = new Uint8ClampedArray(data.length).fill(255);
  for (let at = 0; at < data.length; at += 4) {
    const levels = base.map((each, channel) => {
      const dark = Math.min(each, 254);
      return 255 - Math.round((255 * Math.max(0, data[at + channel] - dark)) / (255 - dark));
    });
    result.fill(Math.min(...levels), at, at + 3);
  }
  return result;
}
