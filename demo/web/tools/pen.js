import { line, straight } from '../raster.js';
import { dragged } from './tool.js';

export default dragged(
  { name: 'pen', label: 'Pen', help: 'Draw. Shift draws straight lines.', key: 'b', icon: 'pencil', place: 1, settings: 'pen' },
  ({ sheet, colour }) => sheet.brush(colour),
  line,
  straight,
);
