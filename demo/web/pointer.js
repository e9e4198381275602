// Mouse, finger and stylus on the sheet. One finger draws, and two zoom and pan. Beside a stylus, a palm draws nothing.

import { find } from './dom.js';

/** @typedef {import('./raster.js').Point} Point */

const MOST = 8; // greatest enlargement of the sheet
const PALM = 1500; // ms after a stylus during which touches count as a palm

/** @param {HTMLElement} root @param {import('./toolbox.js').Toolbox} toolbox */
export function pointers(root, toolbox) {
  const { sheet } = toolbox;
  const canvas = sheet.canvas;
  const easel = find(root, '.easel');
  const paper = find(root, '.paper');
  const ring = find(root, '.ring');
  let drawing = /** @type {number | null} */ (null);
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  let pinch = /** @type {{ distance: number, middle: Point, view: typeof view } | null} */ (null);
  let view = { scale: 1, x: 0, y: 0 };
  let stylus = -Infinity;
  let tapped = /** @type {{ finger: number, work: import('./tools/tool.js').Work } | null} */ (null);

  /** @param {{ clientX: number, clientY: number }} event @returns {Point} */
  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: Math.floor(((event.clientX - box.left) * canvas.width) / box.width),
      y: Math.floor(((event.clientY - box.top) * canvas.height) / box.height),
    };
  };

  // The pressure of a stylus changes the width. A mouse and a finger always report one half, or none.
  /** @param {PointerEvent} event */
  const workFor = (event) => {
    const pressed = event.pointerType === 'pen' && event.pressure > 0;
    const size = pressed ? Math.max(1, Math.round(2 * toolbox.size * event.pressure)) : toolbox.size;
    return toolbox.work(event.shiftKey, size);
  };

  /** @param {PointerEvent} event */
  const showRing = (event) => {
    const tool = toolbox.tool;
    const inside = event.pointerType !== 'touch' && event.target instanceof Node && easel.contains(event.target);
    ring.hidden = !inside || tool?.cursor !== 'none';
    if (ring.hidden) return;
    const box = easel.getBoundingClientRect();
    const size = Math.max(4, (workFor(event).size * canvas.getBoundingClientRect().width) / canvas.width);
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.left = `${event.clientX - box.left}px`;
    ring.style.top = `${event.clientY - box.top}px`;
  };

  const stop = () => {
    if (drawing === null) return;
    drawing = null;
    sheet.settle(); // a stroke beside the sheet, say
    toolbox.tool?.up?.(toolbox.work(), { x: 0, y: 0 });
  };

  const take = () => {
    drawing = null;
    if (toolbox.tool?.up) {
      toolbox.tool.up(toolbox.work(), { x: 0, y: 0 });
      sheet.forget();
    }
  };

  /** @param {Point[]} two */
  const grip = ([a, b]) => ({
    distance: Math.hypot(a.x - b.x, a.y - b.y),
    middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
  });

  const whole = /** @type {HTMLButtonElement} */ (find(root, '#whole'));
  const showView = () => {
    whole.hidden = view.scale === 1;
    find(whole, 'b').textContent = `×${view.scale.toFixed(1)}`;
    const low = easel.clientWidth * (1 - view.scale);
    view.x = Math.min(0, Math.max(low, view.x));
    view.y = Math.min(0, Math.max(low, view.y));
    paper.style.transform = view.scale === 1 ? '' : `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  };

  let side = easel.clientWidth;
  new ResizeObserver(() => { // the same part of the sheet stays in view
    if (!easel.clientWidth) return; // another tab of the page is open
    if (side) [view.x, view.y] = [(view.x * easel.clientWidth) / side, (view.y * easel.clientWidth) / side];
    side = easel.clientWidth;
    showView();
  }).observe(easel);

  const showWhole = () => {
    view = { scale: 1, x: 0, y: 0 };
    showView();
  };
  whole.addEventListener('click', showWhole);
  sheet.onFresh(showWhole);

  /** @param {PointerEvent} event whether a stroke may begin here: on the sheet, or beside it on empty ground */
  const mayBegin = (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('#whole')) return false;
    if (easel.contains(target)) return true;
    const tool = toolbox.tool?.settings;
    return event.pointerType !== 'touch' && target.matches('.studio') && (tool === 'pen' || tool === 'eraser');
  };

  root.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !mayBegin(event)) return;
    if (event.pointerType === 'pen') stylus = performance.now();
    if (event.pointerType === 'touch') {
      if (performance.now() - stylus < PALM) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) {
        if (drawing !== null) take();
        tapped = null;
        pinch = { ...grip([...fingers.values()]), view: { ...view } };
      }
      if (fingers.size > 1) return;
    }
    if (drawing !== null) {
      if (event.pointerType !== 'pen') return;
      take();
    }
    event.preventDefault();
    if (easel.contains(/** @type {Node} */ (event.target))) {
      canvas.dataset.pointed = 'true'; // no focus frame where a mouse or a finger draws
      canvas.focus({ preventScroll: true });
    }
    try { easel.setPointerCapture(event.pointerId); } catch { /* it was lifted already */ }
    if (!toolbox.tool?.up && event.pointerType === 'touch') { // a second finger may follow, to zoom
      tapped = { finger: event.pointerId, work: workFor(event) };
      return;
    }
    drawing = event.pointerId;
    toolbox.tool?.down(workFor(event), pointOf(event));
    if (!toolbox.tool?.up) drawing = null;
  });

  root.addEventListener('pointermove', (event) => {
    showRing(event);
    if (event.pointerType === 'pen') stylus = performance.now();
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pinch && fingers.size === 2) {
      const box = easel.getBoundingClientRect();
      const now = grip([...fingers.values()]);
      const scale = Math.min(MOST, Math.max(1, (pinch.view.scale * now.distance) / pinch.distance));
      const at = { x: pinch.middle.x - box.left, y: pinch.middle.y - box.top };
      view = {
        scale,
        x: now.middle.x - box.left - ((at.x - pinch.view.x) * scale) / pinch.view.scale,
        y: now.middle.y - box.top - ((at.y - pinch.view.y) * scale) / pinch.view.scale,
      };
      showView();
      return;
    }
    if (drawing === null) {
      if (easel.contains(/** @type {Node} */ (event.target))) toolbox.tool?.hover?.(workFor(event), pointOf(event));
      return;
    }
    if (event.pointerId !== drawing) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) toolbox.tool?.move?.(workFor(each), pointOf(each));
  });

  for (const kind of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    root.addEventListener(kind, (event) => {
      fingers.delete(event.pointerId);
      if (fingers.size < 2) pinch = null;
      if (event.pointerId === drawing) stop();
      if (event.pointerId !== tapped?.finger) return;
      if (kind === 'pointerup') toolbox.tool?.down(tapped.work, pointOf(event));
      tapped = null;
    });
  }
  root.addEventListener('pointerleave', () => (ring.hidden = true));
  easel.addEventListener('dblclick', () => toolbox.tool?.finish?.(toolbox.work()));
  easel.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = easel.getBoundingClientRect();
    const scale = Math.min(MOST, Math.max(1, view.scale * Math.exp(-event.deltaY / 200)));
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    view = { scale, x: at.x - ((at.x - view.x) * scale) / view.scale, y: at.y - ((at.y - view.y) * scale) / view.scale };
    showView();
  }, { passive: false });

  return { busy: () => drawing !== null };
}
