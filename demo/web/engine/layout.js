// Where things lie in the kernels' memory. Everything is placed first, so that the memory is allocated once.

const BYTES = 4;         // of a float32
const ALIGNMENT = 16;    // bytes, of a SIMD register
const PAGE = 65536;      // bytes, of WebAssembly's memory

/** Places float32 arrays one behind the other; addresses are in bytes. */
export class Layout {
  /** @param {number} start the first free address. */
  constructor(start) {
    this.end = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    /** @type {{address: number, numbers: Float32Array}[]} */
    this.contents = [];
  }

  /**
   * Room for `count` numbers, initially zero.
   * @param {number} count
   * @returns {number} its address.
   */
  room(count) {
    const address = this.end;
    this.end += Math.ceil(count * BYTES / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  /**
   * Room for a square picture, channels last, with a border of one pixel.
   * @param {number} side without the border, in pixels.
   * @param {number} channels
   */
  bordered(side, channels) {
    return this.room((side + 2) ** 2 * channels);
  }

  /**
   * Room that holds these numbers.
   * @param {Float32Array} numbers
   */
  holding(numbers) {
    const address = this.room(numbers.length);
    this.contents.push({ address, numbers });
    return address;
  }

  /**
   * Grow a memory to what was placed, and fill it.
   * @param {WebAssembly.Memory} memory
   * @throws {RangeError} there is not that much memory.
   */
  fill(memory) {
    const missing = this.end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    for (const { address, numbers } of this.contents) new Float32Array(memory.buffer, address, numbers.length).set(numbers);
    this.contents = [];
  }
}
