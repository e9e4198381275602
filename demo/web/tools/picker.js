/** @type {import('./tool.js').Tool} */
export default {
  name: 'picker',
  label: 'Pick a colour',
  help: 'Take a colour from the drawing or from the picture.',
  key: 'i',
  icon: 'pipette',
  place: 8,
  cursor: 'crosshair',
  settings: null,
  kinds: ['paint', 'labels'],
  down(work, point) {
    const colour = work.colourAt(point);
    if (colour !== null) work.pick(colour);
  },
};
