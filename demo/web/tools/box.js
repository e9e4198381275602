import { box, square } from '../raster.js';
import { lineWidth, stretched } from './tool.js';

export default stretched(
  { name: 'box', label: 'Box', help: 'Draw a rectangle. Shift makes it a square.', key: 'r', icon: 'square', place: 5 },
  (work, a, b) => box(work.sheet.brush(work.colour), a, work.shift ? square(a, b) : b, lineWidth(work)),
);
