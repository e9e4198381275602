// The tools, their sizes and colours, and the palette.

import { BLACK, PALETTE, hex, nameOf, nearest, parse } from './colours.js';
import { find, radioGroup } from './dom.js';
import { AREA_PEN, LINE_PEN } from './rules.js';

/** @typedef {import('./tools/tool.js').Tool} Tool */

const RECENT = 4;

export class Toolbox {
  /** @type {Tool[]} */
  tools = [];
  sizes = { pen: LINE_PEN, eraser: AREA_PEN };
  colours = { pen: BLACK, fill: PALETTE[6] };
  /** @type {number[]} */
  recent = [];
  #before = 'pen';
  #areas = false;

  /**
   * @param {HTMLElement} root @param {import('./sheet.js').Sheet} sheet @param {Record<string, string>} icons
   * @param {(words: string) => void} say
   */
  constructor(root, sheet, icons, say) {
    this.root = root;
    this.sheet = sheet;
    this.icons = icons;
    this.say = say;
    sheet.beforeStep(() => this.tool?.drop?.(this.work()));
    this.slider = /** @type {HTMLInputElement} */ (find(root, '[data-size]'));
    this.slider.addEventListener('input', () => this.resize(Number(this.slider.value)));
    this.palette = radioGroup(find(root, '.palette'), (button) => this.pick(parse(button.dataset.colour ?? '')));
    const other = /** @type {HTMLInputElement} */ (find(root, '[data-other]'));
    other.addEventListener('change', () => this.pick(parse(other.value)));
  }

  /** @param {Tool[]} tools */
  use(tools) {
    this.tools = tools.sort((a, b) => a.place - b.place);
    find(this.root, '.tools').replaceChildren(
      ...this.tools.map((tool) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.tool = tool.name;
        button.title = `${tool.label} (${tool.key.toUpperCase()}). ${tool.help}`;
        button.setAttribute('aria-label', tool.label);
        button.innerHTML = this.icons[tool.icon];
        button.addEventListener('click', () => this.choose(tool.name));
        return button;
      }),
    );
    this.tool = this.tools[0];
    this.choose(this.tool.name);
  }

  /** @returns {import('./tools/tool.js').Work} */
  work(shift = false, size = this.size) {
    return {
      sheet: this.sheet,
      size,
      shift,
      colour: this.colour,
      colourAt: ({ x, y }) => {
        const side = this.sheet.canvas.width;
        if (x < 0 || y < 0 || x >= side || y >= side) return null;
        const { data } = this.sheet.pixels();
        const at = 4 * (y * side + x);
        return (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      },
      pick: (colour) => {
        this.pick(colour);
        if (this.tool?.name === 'picker') this.choose(this.#before === 'eraser' ? 'pen' : this.#before);
      },
      say: this.say,
    };
  }

  get size() {
    return this.tool?.settings === 'eraser' ? this.sizes.eraser : this.sizes.pen;
  }

  get colour() {
    if (this.sheet.kind === 'edges') return BLACK;
    return this.colours[this.sheet.kind === 'paint' && this.tool?.settings === 'fill' ? 'fill' : 'pen'];
  }

  /** @param {string} name */
  choose(name) {
    const tool = this.tools.find((each) => each.name === name);
    if (!tool || (tool.kinds && !tool.kinds.includes(this.sheet.kind))) return;
    this.tool?.drop?.(this.work());
    if (this.tool && this.tool.name !== 'picker') this.#before = this.tool.name;
    this.tool = tool;
    this.show();
  }

  /** @param {number} size */
  resize(size) {
    const limited = Math.max(Number(this.slider.min), Math.min(Number(this.slider.max), size));
    this.sizes[this.tool?.settings === 'eraser' ? 'eraser' : 'pen'] = limited;
    this.show();
  }

  /** @param {number} colour */
  pick(colour) {
    const { kind, palette } = this.sheet;
    const wanted = kind === 'labels' ? nearest(colour, palette) : colour;
    const painting = this.tool?.name === 'picker' ? this.#before === 'fill' : this.tool?.settings === 'fill';
    this.colours[kind === 'paint' && painting ? 'fill' : 'pen'] = wanted;
    if (!painting && wanted !== BLACK) this.colours.fill = wanted; // who picks blue for the pen expects a blue bucket
    if (kind === 'paint' && ![BLACK, ...PALETTE].includes(wanted)) {
      this.recent = [wanted, ...this.recent.filter((each) => each !== wanted)].slice(0, RECENT);
    }
    if (this.tool?.name === 'eraser') this.choose('pen');
    this.show();
  }

  /** Show what a model's drawings take. @param {[string, string][] | null} named its palette @param {number} pen */
  fit(named, pen) {
    const { kind } = this.sheet;
    this.sizes.pen = pen;
    if (kind === 'labels') this.colours.pen = this.sheet.palette.find((_, i) => i > this.sheet.palette.indexOf(this.sheet.paper)) ?? this.sheet.palette[0];
    else if (kind === 'edges' || this.colours.pen === this.sheet.paper || this.root.dataset.kind === 'labels') this.colours.pen = BLACK;
    this.root.dataset.kind = kind;
    const swatches = named ?? [['Black lines', hex(BLACK)], ...PALETTE.map((colour) => [nameOf(colour), hex(colour)])];
    const group = find(this.root, '.palette');
    group.classList.toggle('named', Boolean(named));
    group.replaceChildren(...(kind === 'edges' ? [] : swatches.map(([name, value]) => this.#swatch(value, name, Boolean(named)))));
    find(this.root, '.colours').hidden = kind === 'edges';
    for (const part of ['.more', '#colour-it']) find(this.root, part).hidden = kind !== 'paint';
    find(this.root, '.studio').classList.toggle('coloured', kind !== 'edges');
    const areas = kind === 'labels';
    if (areas !== this.#areas) this.choose(areas ? 'box' : 'pen'); // plans are built of boxes
    this.#areas = areas;
    if (this.tool?.kinds && !this.tool.kinds.includes(kind)) this.choose('pen');
    this.show();
  }

  /** @param {string} value @param {string} name @param {boolean} [written] */
  #swatch(value, name, written = false) {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.colour = value;
    button.style.setProperty('--swatch', value);
    button.title = name;
    if (written) button.textContent = name;
    else button.setAttribute('aria-label', name);
    return button;
  }

  show() {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll('[data-tool]'))) {
      const tool = this.tools.find((each) => each.name === button.dataset.tool);
      button.setAttribute('aria-pressed', String(tool === this.tool));
      button.hidden = Boolean(tool?.kinds && !tool.kinds.includes(this.sheet.kind));
    }
    this.slider.value = String(this.size);
    find(this.root, '.size output').textContent = String(this.size);
    const erases = this.tool?.settings === 'eraser';
    this.palette.check((button) => !erases && button.dataset.colour === hex(this.colour));
    find(this.root, '.recent').replaceChildren(
      ...this.recent.map((colour) => {
        const button = this.#swatch(hex(colour), hex(colour));
        button.setAttribute('aria-pressed', String(colour === this.colour));
        button.addEventListener('click', () => this.pick(colour));
        return button;
      }),
    );
    find(this.root, '#sheet').style.cursor = this.tool?.cursor ?? 'crosshair';
  }
}
