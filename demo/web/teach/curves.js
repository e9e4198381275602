// A run's losses as small curves.

const WIDTH = 280;
const HEIGHT = 80;

/** @param {string} title @param {[number, number][]} points @returns {HTMLElement | null} null with fewer than two points */
export function curve(title, points) {
  if (points.length < 2) return null;
  const ys = points.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const path = points
    .map(([x, y]) => [(WIDTH * (x - first)) / (last - first || 1), HEIGHT - (HEIGHT * (y - low)) / (high - low || 1)])
    .map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`)
    .join(' ');
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  const now = document.createElement('b');
  now.textContent = ys[ys.length - 1].toFixed(3);
  caption.append(`${title} `, now);
  figure.append(caption);
  figure.insertAdjacentHTML(
    'beforeend',
    `<svg viewBox="0 -4 ${WIDTH} ${HEIGHT + 8}" preserveAspectRatio="none" role="img"><polyline points="${path}" vector-effect="non-scaling-stroke"/></svg>`,
  );
  figure.querySelector('svg')?.setAttribute('aria-label', `${title}: ${ys[0].toFixed(3)} → ${now.textContent}`);
  return figure;
}
