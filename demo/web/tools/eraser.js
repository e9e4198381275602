import { line, straight } from '../raster.js';
import { dragged } from './tool.js';

export default dragged(
  { name: 'eraser', label: 'Eraser', help: 'Rub out lines and paint.', key: 'e', icon: 'eraser', place: 2, settings: 'eraser' },
  ({ sheet }) => sheet.brush(null),
  line,
  straight,
);
