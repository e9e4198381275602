// A drawing as a short text, for links and for the browser's store: its layers, compressed, in base64url.

import { channels } from './colours.js';

/** @typedef {{ lines: Uint8Array, paint: Uint32Array }} Layers  alpha of the black lines, and colours under them */

const VERSION = 1;
const MOST = 255; // most colours that fit into one byte
const LIMIT = 4_000_000; // most bytes of an unpacked text

/**
 * @param {Uint8Array} bytes @param {CompressionStream | DecompressionStream} stream @param {number} limit bytes
 * @returns {Promise<Uint8Array>}
 */
async function through(bytes, stream, limit = Infinity) {
  const reader = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(stream).getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > limit) throw new RangeError('The text unpacks to more than a drawing.');
    parts.push(part.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} bytes */
function toText(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text */
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

/**
 * @param {Layers} layers @returns {Promise<string>}
 */
export async function pack({ lines, paint }) {
  const table = new Map();
  for (const colour of paint) if (!table.has(colour) && table.size <= MOST) table.set(colour, table.size);
  const few = table.size <= MOST;
  const colours = few ? [...table.keys()].flatMap(channels) : [];
  const body = few ? Uint8Array.from(paint, (colour) => table.get(colour)) : Uint8Array.from([...paint].flatMap(channels));
  const head = [VERSION, few ? table.size : 0, ...colours];
  const whole = new Uint8Array(head.length + lines.length + body.length);
  whole.set(head);
  whole.set(lines, head.length);
  whole.set(body, head.length + lines.length);
  return toText(await through(whole, new CompressionStream('deflate-raw')));
}

/**
 * @param {string} text @param {number} pixels of the drawing @returns {Promise<Layers | null>} null where the text holds no drawing
 */
export async function unpack(text, pixels) {
  try {
    const whole = await through(toBytes(text), new DecompressionStream('deflate-raw'), LIMIT);
    const count = whole[1];
    const start = 2 + 3 * count;
    const wanted = start + pixels * (count ? 2 : 4);
    if (whole[0] !== VERSION || whole.length !== wanted) return null;
    const rgb = (/** @type {number} */ at) => (whole[at] << 16) | (whole[at + 1] << 8) | whole[at + 2];
    const body = whole.subarray(start + pixels);
    if (count && body.some((index) => index >= count)) return null;
    const paint = new Uint32Array(pixels);
    for (let at = 0; at < pixels; at++) paint[at] = count ? rgb(2 + 3 * body[at]) : rgb(start + pixels + 3 * at);
    return { lines: whole.slice(start, start + pixels), paint };
  } catch {
    return null;
  }
}
