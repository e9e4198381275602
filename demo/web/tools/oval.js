import { oval, square } from '../raster.js';
import { lineWidth, stretched } from './tool.js';

export default stretched(
  { name: 'oval', label: 'Oval', help: 'Draw an ellipse. Shift makes it a circle.', key: 'o', icon: 'circle', place: 6 },
  (work, a, b) => oval(work.sheet.brush(work.colour), a, work.shift ? square(a, b) : b, lineWidth(work)),
);
