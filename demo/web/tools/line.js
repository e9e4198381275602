import { line, straight } from '../raster.js';
import { stretched } from './tool.js';

export default stretched(
  { name: 'line', label: 'Line', help: 'Draw a straight line. Shift turns it in steps of 15 degrees.', key: 'l', icon: 'slash', place: 4 },
  ({ sheet, colour, size, shift }, a, b) => line(sheet.brush(colour), a, shift ? straight(a, b) : b, size),
);
