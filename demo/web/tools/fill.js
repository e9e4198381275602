/** @type {import('./tool.js').Tool} */
export default {
  name: 'fill',
  label: 'Fill',
  help: 'Fill an area. Small gaps in its outline do not matter.',
  key: 'f',
  icon: 'paint-bucket',
  place: 3,
  cursor: 'crosshair',
  settings: 'fill',
  down(work, point) {
    if (work.colourAt(point) === null) return;
    const filled = work.sheet.fill(point, work.colour);
    if (filled) work.sheet.changed();
    work.say(filled ? 'Filled.' : 'There is nothing to fill here.');
  },
};
