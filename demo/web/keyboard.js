// Keys: shortcuts, which work wherever the focus is except in text fields; and a cursor that draws without a mouse.

import { find } from './dom.js';
import { SIDE } from './rules.js';

const STEP = 4; // pixels per arrow key; 1 with Alt

/** @param {EventTarget | null} target */
const writes = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type=range], [type=checkbox], [type=color], [type=file])'));

/**
 * @param {HTMLElement} root @param {import('./toolbox.js').Toolbox} toolbox
 * @param {{ undo: () => void, redo: () => void, press: (id: string) => void, say: (words: string) => void, busy: () => boolean }} does
 */
export function keyboard(root, toolbox, does) {
  const { sheet } = toolbox;
  const canvas = sheet.canvas;
  const mark = find(root, '.cursor');
  const at = { x: SIDE / 2, y: SIDE / 2 };
  let down = false;
  const visible = () => root.offsetParent !== null || root.getClientRects().length > 0;

  const show = () => {
    mark.hidden = false;
    mark.toggleAttribute('data-down', down);
    const [box, whole] = [canvas.getBoundingClientRect(), find(root, '.easel').getBoundingClientRect()];
    mark.style.left = `${box.left - whole.left + ((at.x + 0.5) * box.width) / SIDE}px`;
    mark.style.top = `${box.top - whole.top + ((at.y + 0.5) * box.height) / SIDE}px`;
  };

  const lift = () => {
    if (!down) return;
    down = false;
    toolbox.tool?.up?.(toolbox.work(), at);
  };

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the cursor */
  const steer = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (dx || dy) {
      const step = event.altKey ? 1 : STEP;
      at.x = Math.max(0, Math.min(SIDE - 1, at.x + dx * step));
      at.y = Math.max(0, Math.min(SIDE - 1, at.y + dy * step));
      if (down) toolbox.tool?.move?.(toolbox.work(event.shiftKey), { ...at });
      else toolbox.tool?.hover?.(toolbox.work(event.shiftKey), { ...at });
      does.say(`${at.x}, ${at.y}`);
    } else if (event.key === ' ') {
      if (event.repeat) return true;
      if (down) {
        lift();
        does.say('Pen up.');
      } else {
        toolbox.tool?.down(toolbox.work(event.shiftKey), { ...at });
        down = Boolean(toolbox.tool?.up);
        does.say(down ? 'Pen down.' : 'Done.');
      }
    } else if (event.key === 'Enter') {
      lift();
      if (toolbox.tool?.finish) {
        toolbox.tool.finish(toolbox.work());
      } else {
        const fill = toolbox.tools.find(({ name }) => name === 'fill');
        const before = toolbox.tool;
        toolbox.tool = fill;
        fill?.down(toolbox.work(), { ...at });
        toolbox.tool = before;
      }
    } else {
      return false;
    }
    delete canvas.dataset.pointed;
    show();
    return true;
  };

  canvas.addEventListener('blur', () => {
    lift();
    mark.hidden = true;
    delete canvas.dataset.pointed;
  });
  canvas.addEventListener('pointerdown', () => {
    lift();
    mark.hidden = true;
  });

  document.addEventListener('keydown', (event) => {
    if (!visible() || writes(event.target) || document.querySelector('dialog[open]')) return;
    if (does.busy()) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== 'z' && key !== 'y') return;
      event.preventDefault();
      lift();
      if (key === 'y' || event.shiftKey) does.redo();
      else does.undo();
      return;
    }
    if (event.target === canvas && steer(event)) {
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const tool = toolbox.tools.find((each) => each.key === key);
    if (tool) {
      lift();
      toolbox.choose(tool.name);
      does.say(toolbox.tool?.label ?? '');
    } else if (key === 'escape') toolbox.tool?.drop?.(toolbox.work());
    else if (key === 'enter' && toolbox.tool?.finish && event.target === document.body) toolbox.tool.finish(toolbox.work());
    else if (key === '[') toolbox.resize(toolbox.size - 1);
    else if (key === ']') toolbox.resize(toolbox.size + 1);
    else if (key === 'm') does.press('mirror');
    else if (key === '0') {
      does.press('whole');
      if (!mark.hidden) show();
    }
    else if (key === 'd') does.press('dice');
    else if (key === 'v') does.press('variations');
    else if (key === '?') does.press('help');
    else return;
    event.preventDefault();
  });
}

export const KEYS = [
  ['Ctrl Z', 'Undo'], ['Ctrl Shift Z', 'Redo'], ['[ ]', 'Smaller, larger'], ['M', 'Mirror'], ['Ctrl wheel', 'Zoom'], ['0', 'Whole sheet'], ['D', 'Roll the dice, or colour it'],
  ['V', 'Eight looks or colourings'], ['Arrow keys', 'Move on the sheet'], ['Space', 'Pen down, pen up'], ['Enter', 'Fill, or close a polygon'],
  ['?', 'This help'],
];
