// The drawing canvas: 256 x 256 pixels of exactly the palette's colours, however large it is shown.
// Sends JSON frames to the server as 'draw' events: while the pen is down at most one every FRAME_GAP ms and one at a
// time, and always one more, marked final, when a stroke or any other change is complete.
//
// props.models tells for each model what is drawn for it: `palette`, a list of [name, colour] (black on white for
// edges), `pen`, the size of the pen in pixels to begin with, and `examples`. props.model names the one in use. Models of one palette share a drawing; each palette
// keeps its own, with its undo steps, while another is in use, and over a reload.
const FRAME_GAP = 70;
const LOST = 2000;        // ms after which an answer is no longer waited for
const UNDO_STEPS = 50;
const CLOSE = 6;          // pixels around a polygon's first corner that close it
const REST = 1200;        // ms that a drawing lies still before it goes into the history
const HISTORY = 24;
const PATIENCE = 5000;    // ms after which a complete drawing that got no answer is sent again, twice as many the next time
const ATTEMPTS = 5;
const STORE = 'pix2pix drawing ';

const sheet = element.querySelector('.sheet');
const ink = sheet.getContext('2d', { willReadFrequently: true });
const note = element.querySelector('.note');
const sizeInput = element.querySelector('[data-size]');
const traced = element.querySelector('.traced');
const thresholdInput = element.querySelector('[data-threshold]');
const swatches = element.querySelector('.palette');
const gallery = element.querySelector('.examples');
const button = (name) => element.querySelector(`[data-do=${name}]`);
const fileInput = (name) => element.querySelector(`[data-file=${name}]`);
const strip = element.querySelector('.history');
const side = sheet.width;
const { texts } = props;
const filled = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

let tool = 'pen', mirror = false;
let palette = [['ink', '#000000']], paper = '#ffffff', colour = '#000000', labels = false;
let kept = {};            // by palette: { done, undone, drawing }
let done = [], undone = [];
let stroke = null;        // under way: { from, last, base, size }
let photo = null;         // on the canvas, whose outlines are drawn
let corners = null;       // of a polygon under way: { points, base }
let frames = 0, answered = 0, lastSent = 0, timer = null, again = null;

// --- frames ---------------------------------------------------------------------------------------------------------

function send(final, attempt = 0) {
  clearTimeout(timer);
  clearTimeout(again);
  timer = null;
  lastSent = performance.now();
  frames += 1;
  sheet.dataset.frame = frames;
  const image = sheet.toDataURL('image/png');
  if (final) keep(image);
  props.value = JSON.stringify({ id: frames, sent: Math.round(lastSent), final, image });
  document.dispatchEvent(new CustomEvent('pix2pix:sent'));
  trigger('draw');
  // The server may be busy, or the network away for a while.
  if (final && attempt < ATTEMPTS) again = setTimeout(() => send(true, attempt + 1), PATIENCE * 2 ** attempt);
}

document.addEventListener('pix2pix:answered', ({ detail }) => {
  answered = Math.max(answered, detail.id);
  if (answered < frames) return;
  clearTimeout(again);
  if (timer === null) return;
  clearTimeout(timer);
  timer = null;
  sendSoon();
});

function sendSoon() {
  const gap = answered < frames ? LOST : FRAME_GAP;
  timer ??= setTimeout(() => send(false), Math.max(0, lastSent + gap - performance.now()));
}

function keep(image) {
  try { localStorage.setItem(STORE + paletteKey(), image); } catch { /* no room, or forbidden: only a reload loses it */ }
}

// --- painting: everything goes through span, in whole pixels, without antialiasing ----------------------------------

function span(left, right, y) {
  if (right < left) return;
  ink.fillRect(left, y, right - left + 1, 1);
  if (mirror) ink.fillRect(side - 1 - right, y, right - left + 1, 1);
}

function dab(x, y, size) {
  const from = -Math.floor((size - 1) / 2);
  const centre = from + (size - 1) / 2;
  for (let row = from; row < from + size; row++) {
    const half = Math.sqrt(Math.max(0, (size / 2) ** 2 - (row - centre) ** 2));
    span(x + Math.ceil(centre - half - 1e-9), x + Math.floor(centre + half + 1e-9), y + row);
  }
}

function line(a, b, size) {
  const steps = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), 1);
  for (let i = 0; i <= steps; i++) {
    dab(Math.round(a.x + (b.x - a.x) * i / steps), Math.round(a.y + (b.y - a.y) * i / steps), size);
  }
}

function outline(points, size) {
  points.forEach((point, i) => line(point, points[(i + 1) % points.length], size));
}

// Labels are areas and are filled; edges are lines.
function rectangle(a, b, size) {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  if (labels) for (let y = top; y <= bottom; y++) span(left, right, y);
  else outline([{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }], size);
}

function ellipse(a, b, size) {
  const cx = (a.x + b.x) / 2, cy = (a.y + b.y) / 2;
  const rx = Math.abs(b.x - a.x) / 2, ry = Math.abs(b.y - a.y) / 2;
  if (labels) {
    for (let y = Math.min(a.y, b.y); y <= Math.max(a.y, b.y); y++) {
      const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / (ry || 1)) ** 2));
      span(Math.round(cx - half), Math.round(cx + half), y);
    }
    return;
  }
  const steps = Math.ceil(4 * (rx + ry)) + 8;
  for (let i = 0; i < steps; i++) {
    const turn = 2 * Math.PI * i / steps;
    dab(Math.round(cx + rx * Math.cos(turn)), Math.round(cy + ry * Math.sin(turn)), size);
  }
}

function polygon(points, size) {
  if (labels) {
    for (let y = 0; y < side; y++) {
      const crossings = [];
      points.forEach((a, i) => {
        const b = points[(i + 1) % points.length];
        if ((a.y <= y) !== (b.y <= y)) crossings.push(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
      });
      crossings.sort((p, q) => p - q);
      for (let i = 0; i + 1 < crossings.length; i += 2) span(Math.round(crossings[i]), Math.round(crossings[i + 1]), y);
    }
  }
  outline(points, labels ? 1 : size);
}

function fill(point) {
  const image = snapshot();
  const pixels = new Uint32Array(image.data.buffer);
  ink.fillRect(point.x, point.y, 1, 1);
  const paint = new Uint32Array(ink.getImageData(point.x, point.y, 1, 1).data.buffer)[0];
  for (const x of mirror ? [point.x, side - 1 - point.x] : [point.x]) {
    const start = point.y * side + x, ground = pixels[start];
    if (ground === paint) continue;
    const waiting = [start];
    while (waiting.length) {
      const at = waiting.pop();
      if (pixels[at] !== ground) continue;
      pixels[at] = paint;
      const column = at % side;
      if (column > 0) waiting.push(at - 1);
      if (column < side - 1) waiting.push(at + 1);
      if (at >= side) waiting.push(at - side);
      if (at < side * (side - 1)) waiting.push(at + side);
    }
  }
  ink.putImageData(image, 0, 0);
}

const SHAPES = { line, rectangle, ellipse };

// --- the pointer ----------------------------------------------------------------------------------------------------

function pointOf(event) {
  const box = sheet.getBoundingClientRect();
  return {
    x: Math.floor((event.clientX - box.left) * side / box.width),
    y: Math.floor((event.clientY - box.top) * side / box.height),
  };
}

const inside = ({ x, y }) => x >= 0 && y >= 0 && x < side && y < side;

// A stylus draws thinner and thicker by its pressure; a mouse and a finger always report one half, or none.
function sizeOf(event) {
  const size = Number(sizeInput.value);
  return event.pointerType === 'pen' && event.pressure > 0 ? Math.max(1, Math.round(2 * size * event.pressure)) : size;
}

sheet.addEventListener('pointerdown', (event) => {
  if (event.button !== 0 || stroke) return;
  const point = pointOf(event);
  ink.fillStyle = tool === 'eraser' ? paper : colour;
  noPhoto();
  if (tool === 'polygon') return corner(point);
  if (tool === 'fill') {
    if (!inside(point)) return;
    remember();
    fill(point);
    return send(true);
  }
  sheet.setPointerCapture(event.pointerId);
  remember();
  stroke = { from: point, last: point, base: tool in SHAPES ? snapshot() : null };
  dab(point.x, point.y, sizeOf(event));
  sendSoon();
});
sheet.addEventListener('pointermove', (event) => {
  if (corners) return showCorners(pointOf(event), sizeOf(event));
  if (!stroke) return;
  if (stroke.base) {
    ink.putImageData(stroke.base, 0, 0);
    SHAPES[tool](stroke.from, pointOf(event), sizeOf(event));
  } else {
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      const point = pointOf(each);
      line(stroke.last, point, sizeOf(each));
      stroke.last = point;
    }
  }
  sendSoon();
});
for (const end of ['pointerup', 'pointercancel']) {
  sheet.addEventListener(end, () => {
    if (!stroke) return;
    stroke = null;
    send(true);
  });
}

function corner(point) {
  if (!corners) {
    remember();
    corners = { points: [point], base: snapshot() };
  } else {
    const [first] = corners.points;
    if (corners.points.length > 2 && Math.hypot(first.x - point.x, first.y - point.y) <= CLOSE) return closePolygon();
    corners.points.push(point);
  }
  showCorners(point, Number(sizeInput.value));
}

function showCorners(next, size) {
  ink.putImageData(corners.base, 0, 0);
  corners.points.forEach((point, i) => line(point, corners.points[i + 1] ?? next, labels ? 1 : size));
}

function closePolygon() {
  const { points, base } = corners;
  corners = null;
  ink.putImageData(base, 0, 0);
  polygon(points, Number(sizeInput.value));
  send(true);
}

function dropPolygon() {
  if (!corners) return;
  ink.putImageData(corners.base, 0, 0);
  corners = null;
  done.pop();
  showState();
}

// --- undo, redo, clear ----------------------------------------------------------------------------------------------

const snapshot = () => ink.getImageData(0, 0, side, side);

function remember() {
  done.push(snapshot());
  if (done.length > UNDO_STEPS) done.shift();
  undone = [];
  showState();
}

function step(from, to) {
  dropPolygon();
  noPhoto();
  if (!from.length || stroke) return;
  to.push(snapshot());
  ink.putImageData(from.pop(), 0, 0);
  showState();
  send(true);
}

function blank() {
  ink.fillStyle = paper;
  ink.fillRect(0, 0, side, side);
}

function showState() {
  button('undo').disabled = !done.length;
  button('redo').disabled = !undone.length;
  note.textContent = '';
}

function noPhoto() {
  photo = null;
  element.querySelector('.threshold').hidden = true;
}

const undo = () => step(done, undone);
const redo = () => step(undone, done);
button('undo').addEventListener('click', undo);
button('redo').addEventListener('click', redo);
button('clear').addEventListener('click', () => { dropPolygon(); noPhoto(); remember(); blank(); send(true); });

// --- tools and keys -------------------------------------------------------------------------------------------------

function choose(name) {
  dropPolygon();
  tool = name;
  for (const each of element.querySelectorAll('[data-tool]')) each.setAttribute('aria-pressed', each.dataset.tool === name);
}
for (const each of element.querySelectorAll('[data-tool]')) each.addEventListener('click', () => choose(each.dataset.tool));

function toggleMirror() {
  mirror = !mirror;
  button('mirror').setAttribute('aria-pressed', mirror);
}
button('mirror').addEventListener('click', toggleMirror);

function resize(value) {
  sizeInput.value = value;
  element.querySelector('output').textContent = sizeInput.value;
}
sizeInput.addEventListener('input', () => resize(sizeInput.value));

const KEYS = {
  b: () => choose('pen'), e: () => choose('eraser'), f: () => choose('fill'), l: () => choose('line'),
  r: () => choose('rectangle'), o: () => choose('ellipse'), p: () => choose('polygon'), m: toggleMirror,
  '[': () => resize(Number(sizeInput.value) - 1), ']': () => resize(Number(sizeInput.value) + 1),
  escape: dropPolygon, enter: () => corners?.points.length > 2 && closePolygon(),
};

element.addEventListener('keydown', (event) => {
  const key = event.key.toLowerCase();
  if (event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') event.shiftKey ? redo() : undo();
    else if (key === 'y') redo();
    else return;
  } else {
    if (!(key in KEYS) || (key === 'enter' && !corners)) return;
    KEYS[key]();
  }
  event.preventDefault();
});

// --- the palette ----------------------------------------------------------------------------------------------------

const paletteKey = () => palette.map(([, value]) => value).join(' ');

function pick(value) {
  colour = value;
  for (const each of swatches.children) each.setAttribute('aria-checked', each.dataset.colour === value);
  if (tool === 'eraser') choose('pen');
}

function showPalette() {
  swatches.hidden = !labels;
  swatches.replaceChildren(...(labels ? palette : []).map(([name, value]) => {
    const each = document.createElement('button');
    each.type = 'button';
    each.setAttribute('role', 'radio');
    each.dataset.colour = value;
    each.innerHTML = '<span></span>';
    each.firstChild.style.background = value;
    each.append(name);
    each.addEventListener('click', () => pick(value));
    return each;
  }));
  pick(labels ? palette[1]?.[1] ?? palette[0][1] : '#000000');
}

// Every pixel in the palette's nearest colour, so that an uploaded label map holds exactly those.
function snap() {
  const image = snapshot();
  const { data } = image;
  const table = palette.map(([, value]) => [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16)));
  for (let at = 0; at < data.length; at += 4) {
    let best = table[0], least = Infinity;
    for (const entry of table) {
      const distance = (data[at] - entry[0]) ** 2 + (data[at + 1] - entry[1]) ** 2 + (data[at + 2] - entry[2]) ** 2;
      if (distance < least) [best, least] = [entry, distance];
    }
    data.set(best, at);
  }
  ink.putImageData(image, 0, 0);
}

// --- pictures onto the canvas, and over it --------------------------------------------------------------------------

async function put(blob, name, mayBePhoto = false) {
  let picture;
  try {
    picture = await createImageBitmap(blob);
  } catch {
    note.textContent = filled(texts.not_a_picture, { name });
    return;
  }
  dropPolygon();
  remember();
  blank();
  const scale = side / Math.max(picture.width, picture.height);
  const width = picture.width * scale, height = picture.height * scale;
  ink.imageSmoothingEnabled = !labels;
  ink.imageSmoothingQuality = 'high';
  ink.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
  noPhoto();
  if (mayBePhoto && !labels && !drawn()) return askForOutline(sheet.toDataURL('image/png'));
  if (labels) snap();
  send(true);
}

// A drawing is mostly white, and grey where it is not; anything else is a photo, of which the server finds the outlines.
function drawn() {
  const { data } = snapshot();
  let white = 0, coloured = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [low, high] = [Math.min(data[at], data[at + 1], data[at + 2]), Math.max(data[at], data[at + 1], data[at + 2])];
    white += low > 230;
    coloured += high - low > 40;
  }
  const pixels = side * side;
  return white > 0.5 * pixels && coloured < 0.02 * pixels;
}

function askForOutline(image) {
  photo = image;
  element.querySelector('.threshold').hidden = false;
  props.value = JSON.stringify({ image, threshold: Number(thresholdInput.value) });
  trigger('photo');
}

thresholdInput.addEventListener('change', () => photo && askForOutline(photo));

watch('outline', async () => {
  if (!photo || !props.outline) return;
  const picture = await createImageBitmap(await (await fetch(props.outline)).blob());
  ink.drawImage(picture, 0, 0);
  send(true);
});

for (const [name, use] of [['upload', (file) => put(file, file.name, true)], ['trace', trace]]) {
  fileInput(name).addEventListener('change', async () => {
    const [file] = fileInput(name).files;
    if (file) await use(file);
    fileInput(name).value = '';
  });
}
button('upload').addEventListener('click', () => fileInput('upload').click());
button('trace').addEventListener('click', () => {
  if (traced.hidden) return fileInput('trace').click();
  traced.hidden = true;
  button('trace').setAttribute('aria-pressed', false);
});

function trace(file) {
  traced.src = URL.createObjectURL(file);
  traced.hidden = false;
  button('trace').setAttribute('aria-pressed', true);
}

async function load(url, name) {
  await put(await (await fetch(url)).blob(), name);
}

function showExamples(examples) {
  for (const old of gallery.querySelectorAll('[data-example]')) old.remove();
  for (const example of examples) {
    const each = document.createElement('button');
    each.type = 'button';
    each.dataset.example = example.name;
    each.title = filled(texts.start_from, example);
    each.innerHTML = '<img>';
    each.firstChild.alt = example.name;
    each.firstChild.src = example.image;
    each.addEventListener('click', () => load(example.image, example.name));
    gallery.append(each);
  }
}

// --- the history of this visit: what lay still for a moment, with its translation -------------------------------------

let visit = [];           // newest first: { key, drawing, result, seed }
let resting = null;

document.addEventListener('pix2pix:translated', ({ detail }) => {
  clearTimeout(resting);
  if (!detail.final || detail.id !== frames) return;
  const entry = { key: paletteKey(), drawing: sheet.toDataURL('image/png'), result: detail.image, seed: detail.seed };
  resting = setTimeout(() => {
    visit = [entry, ...visit.filter((each) => each.drawing !== entry.drawing || each.seed !== entry.seed)];
    visit.length = Math.min(visit.length, HISTORY);
    showHistory();
  }, REST);
});

function showHistory() {
  const mine = visit.filter((entry) => entry.key === paletteKey());
  strip.hidden = !mine.length;
  strip.replaceChildren(...mine.map((entry, i) => {
    const each = document.createElement('button');
    each.type = 'button';
    each.title = filled(texts.go_back, { number: mine.length - i });
    each.innerHTML = '<img alt=""><img>';
    each.firstChild.src = entry.drawing;
    each.lastChild.src = entry.result;
    each.lastChild.alt = each.title;
    each.addEventListener('click', () => restore(entry.drawing, entry.seed));
    return each;
  }));
}

// A drawing with a seed: the page's seed box hears of it by a 'seed' event, which carries a whole frame.
async function restore(image, seed) {
  await load(image, texts.last_visit);
  props.value = JSON.stringify({ ...JSON.parse(props.value), seed });
  trigger('seed');
}

button('surprise').addEventListener('click', () => {
  const { examples } = props.models[props.model];
  if (!examples.length) return;
  restore(examples[Math.floor(Math.random() * examples.length)].image, Math.floor(Math.random() * 1e6));
});

// --- models: the drawing of the same palette stays, another palette brings its own back -------------------------------

let opened = false;

async function useModel() {
  const model = props.models[props.model];
  if (!model) return;
  dropPolygon();
  noPhoto();
  const before = opened && paletteKey();
  labels = Boolean(model.palette);
  const next = model.palette ?? [['ink', '#000000']];
  showExamples(model.examples);
  if (before === next.map(([, value]) => value).join(' ')) return send(true);
  if (opened) kept[before] = { done, undone, drawing: snapshot() };
  opened = true;
  palette = next;
  paper = labels ? palette[0][1] : '#ffffff';
  showPalette();
  resize(model.pen);
  const mine = kept[paletteKey()];
  [done, undone] = [mine?.done ?? [], mine?.undone ?? []];
  if (mine) {
    ink.putImageData(mine.drawing, 0, 0);
    send(true);
  } else {
    blank();
    let start = model.examples[0]?.image;
    try { start = localStorage.getItem(STORE + paletteKey()) ?? start; } catch { /* forbidden */ }
    if (start) {
      await load(start, texts.last_visit);
      done = [];
    } else if (before) send(true);
  }
  showState();
  showHistory();
}

watch('model', useModel);
useModel();
