// The drawing canvas: 256 x 256 pixels of exactly the pen's colour or white, however large it is shown.
// Sends JSON frames to the server as 'draw' events: while the pen is down at most one every FRAME_GAP ms, and always
// one more, marked final, when a stroke or any other change is complete.
const FRAME_GAP = 70;
const UNDO_STEPS = 50;

const sheet = element.querySelector('.sheet');
const pen = sheet.getContext('2d', { willReadFrequently: true });
const note = element.querySelector('.note');
const sizeInput = element.querySelector('[data-size]');
const fileInput = element.querySelector('input[type=file]');
const button = (name) => element.querySelector(`[data-do=${name}]`);
const side = sheet.width;

let tool = 'pen';
let undone = [], done = [];
let stroke = null;     // the last point of the stroke under way
let frames = 0;
let lastSent = 0, timer = null;

// --- frames ---------------------------------------------------------------------------------------------------------

function send(final) {
  clearTimeout(timer);
  timer = null;
  lastSent = performance.now();
  frames += 1;
  sheet.dataset.frame = frames;
  props.value = JSON.stringify({ id: frames, sent: Math.round(lastSent), final, image: sheet.toDataURL('image/png') });
  trigger('draw');
}

function sendSoon() {
  timer ??= setTimeout(() => send(false), Math.max(0, lastSent + FRAME_GAP - performance.now()));
}

// --- drawing --------------------------------------------------------------------------------------------------------

// A disc of whole pixels: no antialiasing, so that a drawing holds its colours exactly.
function dab(x, y) {
  const size = Number(sizeInput.value);
  const from = -Math.floor((size - 1) / 2);
  const centre = from + (size - 1) / 2;
  pen.fillStyle = tool === 'pen' ? '#000000' : '#ffffff';
  for (let row = from; row < from + size; row++) {
    const half = Math.sqrt(Math.max(0, (size / 2) ** 2 - (row - centre) ** 2));
    const left = Math.ceil(centre - half - 1e-9), right = Math.floor(centre + half + 1e-9);
    pen.fillRect(x + left, y + row, right - left + 1, 1);
  }
}

function line(a, b) {
  const steps = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), 1);
  for (let i = 0; i <= steps; i++) {
    dab(Math.round(a.x + (b.x - a.x) * i / steps), Math.round(a.y + (b.y - a.y) * i / steps));
  }
}

function pointOf(event) {
  const box = sheet.getBoundingClientRect();
  return {
    x: Math.floor((event.clientX - box.left) * side / box.width),
    y: Math.floor((event.clientY - box.top) * side / box.height),
  };
}

sheet.addEventListener('pointerdown', (event) => {
  if (event.button !== 0 || stroke) return;
  sheet.setPointerCapture(event.pointerId);
  remember();
  stroke = pointOf(event);
  dab(stroke.x, stroke.y);
  sendSoon();
});
sheet.addEventListener('pointermove', (event) => {
  if (!stroke) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const each of events.length ? events : [event]) {
    const point = pointOf(each);
    line(stroke, point);
    stroke = point;
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

// --- undo, redo, clear ----------------------------------------------------------------------------------------------

const snapshot = () => pen.getImageData(0, 0, side, side);

function remember() {
  done.push(snapshot());
  if (done.length > UNDO_STEPS) done.shift();
  undone = [];
  showState();
}

function step(from, to) {
  if (!from.length || stroke) return;
  to.push(snapshot());
  pen.putImageData(from.pop(), 0, 0);
  showState();
  send(true);
}

function white() {
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, side, side);
}

function showState() {
  button('undo').disabled = !done.length;
  button('redo').disabled = !undone.length;
  note.textContent = '';
}

const undo = () => step(done, undone);
const redo = () => step(undone, done);
button('undo').addEventListener('click', undo);
button('redo').addEventListener('click', redo);
button('clear').addEventListener('click', () => { remember(); white(); send(true); });

// --- tools ----------------------------------------------------------------------------------------------------------

function choose(name) {
  tool = name;
  for (const each of element.querySelectorAll('[data-tool]')) each.setAttribute('aria-pressed', each.dataset.tool === name);
}
for (const each of element.querySelectorAll('[data-tool]')) each.addEventListener('click', () => choose(each.dataset.tool));

function resize(value) {
  sizeInput.value = value;
  element.querySelector('output').textContent = sizeInput.value;
}
sizeInput.addEventListener('input', () => resize(sizeInput.value));

element.addEventListener('keydown', (event) => {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === 'z') { event.shiftKey ? redo() : undo(); }
  else if ((event.ctrlKey || event.metaKey) && key === 'y') redo();
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === 'b') choose('pen');
  else if (key === 'e') choose('eraser');
  else if (key === '[') resize(Number(sizeInput.value) - 1);
  else if (key === ']') resize(Number(sizeInput.value) + 1);
  else return;
  event.preventDefault();
});

// --- pictures onto the canvas ---------------------------------------------------------------------------------------

async function put(blob, name) {
  let picture;
  try {
    picture = await createImageBitmap(blob);
  } catch {
    note.textContent = `${name} is not a picture that this browser can read: choose a PNG or JPEG file.`;
    return;
  }
  remember();
  white();
  const scale = side / Math.max(picture.width, picture.height);
  const width = picture.width * scale, height = picture.height * scale;
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
  send(true);
}

button('upload').addEventListener('click', () => fileInput.click());
fileInput.addEventListener('change', async () => {
  const [file] = fileInput.files;
  if (file) await put(file, file.name);
  fileInput.value = '';
});

async function load(url, name) {
  await put(await (await fetch(url)).blob(), name);
}

for (const example of props.examples) {
  const each = document.createElement('button');
  each.type = 'button';
  each.title = `Start from ${example.name}`;
  each.innerHTML = `<img alt="${example.name}">`;
  each.firstChild.src = example.image;
  each.addEventListener('click', () => load(example.image, example.name));
  element.querySelector('.examples').append(each);
}

// --- the page opens with a drawing on it, so that there is something to see -------------------------------------------

white();
showState();
(async () => {
  if (props.examples.length) await load(props.examples[0].image, props.examples[0].name);
  done = [];
  showState();
})();
