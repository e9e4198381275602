// Colours as numbers, 0xRRGGBB.

export const BLACK = 0x000000;
export const WHITE = 0xffffff;

// Sixteen colours for painting: greys, skin and wood, and a circle of hues, all easy to tell apart.
const NAMED = {
  Charcoal: 0x2b2d33, Grey: 0x8d929b, White: 0xffffff, Brown: 0x8a5a3b, Tan: 0xd9a06b, Peach: 0xf6d3b3, Red: 0xd62f3a,
  Orange: 0xf2762e, Yellow: 0xf8c630, 'Light green': 0x8cc63f, Green: 0x2f9e58, Turquoise: 0x2fb6b0, 'Light blue': 0x3fa2ec,
  Blue: 0x2f56c4, Purple: 0x8450c8, Pink: 0xee6fa8,
};
export const PALETTE = Object.values(NAMED);

/** A colour of the palette by its name, any other as "#rrggbb". @param {number} colour */
export const nameOf = (colour) => Object.entries(NAMED).find(([, value]) => value === colour)?.[0] ?? hex(colour);

/** @param {string} text "#rrggbb" */
export const parse = (text) => Number.parseInt(text.slice(1), 16);

/** @param {number} colour */
export const hex = (colour) => `#${colour.toString(16).padStart(6, '0')}`;

/** @param {number} colour @returns {[number, number, number]} */
export const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

/** @param {number} colour @param {number[]} table @returns {number} the nearest colour of the table, or the first of several */
export function nearest(colour, table) {
  const [r, g, b] = channels(colour);
  let [best, least] = [table[0], Infinity];
  for (const entry of table) {
    const [er, eg, eb] = channels(entry);
    const distance = (r - er) ** 2 + (g - eg) ** 2 + (b - eb) ** 2;
    if (distance < least) [best, least] = [entry, distance];
  }
  return best;
}

/**
 * Random numbers from 0 to 1, determined by a seed (mulberry32).
 * @param {number} seed @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} h degrees @param {number} s 0 to 1 @param {number} l 0 to 1 */
export function fromHsl(h, s, l) {
  /** @param {number} n */
  const channel = (n) => {
    const k = (n + h / 30) % 12;
    return Math.round(255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return (channel(0) << 16) | (channel(8) << 8) | channel(4);
}

const FIRST_HUE = 20; // degrees
const GOLDEN_ANGLE = 137.508; // from seed to seed, so that any few in a row have hues far apart

// Degrees between the hues of colours that go together: neighbours, opposites, triads.
const HARMONIES = [[0, 28, 335], [0, 180, 30], [0, 150, 210], [0, 120, 240]];

/**
 * Colours that go together: first that of the largest area, then its companions, some light and some deep.
 * @param {number} count @param {number} seed
 * @param {number[][]} [materials] sets of colours in place of all hues, as for leather; a seed takes one of them
 * @returns {number[]}
 */
export function harmony(count, seed, materials = []) {
  if (materials.length) {
    const set = materials[seed % materials.length];
    return Array.from({ length: count }, (_, i) => set[i % set.length]);
  }
  const dice = random(seed);
  const hue = (FIRST_HUE + GOLDEN_ANGLE * seed) % 360;
  const turns = HARMONIES[Math.floor(dice() * HARMONIES.length)];
  return Array.from({ length: count }, (_, i) => {
    const turn = turns[i % turns.length];
    const deep = i % 2 === 1 ? 0.06 : 0;
    const saturation = i === 0 ? 0.62 + 0.2 * dice() : 0.5 + 0.35 * dice();
    const lightness = [0.56, 0.74, 0.5, 0.66, 0.42][i % 5] + 0.06 * dice() - deep;
    return fromHsl((hue + turn + 10 * dice()) % 360, saturation, lightness);
  });
}
