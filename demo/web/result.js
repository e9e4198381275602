// The result panel: shows the newest answer of the server and how long it took, and lets people keep it. The canvas tells
// it by a 'pix2pix:sent' event that a frame is on its way; it tells the canvas by 'pix2pix:answered' of each answer, and by
// 'pix2pix:translated' of each picture.
const PATIENCE = 1500;   // ms without an answer after which the server is called busy
const IN_SIGHT = 0.4;    // share of the picture that must be on the screen
const FRAMES = 8;        // answers over which their rate is measured

const picture = element.querySelector('.picture');
const save = element.querySelector('.save');
const waiting = element.querySelector('.waiting');
const note = element.querySelector('.note');
const timing = element.querySelector('.timing');
const { texts } = props;

let shown = null;        // the newest answer
let arrivals = [];
let busy = null;

const filled = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

document.addEventListener('pix2pix:sent', () => {
  busy ??= setTimeout(() => { note.textContent = texts.busy; }, PATIENCE);
});

watch('value', () => {
  if (!props.value) return;
  clearTimeout(busy);
  busy = null;
  const answer = JSON.parse(props.value);
  document.dispatchEvent(new CustomEvent('pix2pix:answered', { detail: answer }));
  note.textContent = answer.error ?? '';
  if (answer.error) return;
  const drawn = answer.id !== shown?.id;  // else the same drawing, under another seed or model
  shown = answer;
  picture.src = answer.image;
  save.href = answer.image;
  const final = answer.image.startsWith('data:image/png');  // frames under the pen are not worth keeping
  for (const each of element.querySelectorAll('.keep > *')) each.hidden = !final;
  picture.hidden = false;
  waiting.hidden = true;
  picture.dataset.frame = answer.id;
  const trip = drawn ? tripOf(answer) : '';
  timing.textContent = filled(texts.timing, { ms: Math.round(answer.ms), trip, seed: answer.seed });
  preview.firstChild.src = answer.image;
  showPreview();
  document.dispatchEvent(new CustomEvent('pix2pix:translated', { detail: { ...answer, final } }));
});

function tripOf(answer) {
  const now = performance.now();
  arrivals = [...arrivals.slice(1 - FRAMES), now].filter((at) => now - at < 2000);
  const rate = (1000 * (arrivals.length - 1) / (now - arrivals[0])).toFixed(1);
  const flow = arrivals.length > 1 ? filled(texts.flow, { rate }) : '';
  return filled(texts.trip, { ms: Math.round(now - answer.sent), flow });
}

// --- on a phone the picture stays in sight: small, in a corner, while the panel itself is off the screen ---------------

const preview = element.querySelector('.preview');
preview.addEventListener('click', () => element.scrollIntoView({ behavior: 'smooth' }));
let inSight = true;
const showPreview = () => { preview.hidden = inSight || picture.hidden; };
new IntersectionObserver(
  ([entry]) => { inSight = entry.intersectionRatio >= IN_SIGHT; showPreview(); },
  { threshold: IN_SIGHT },
).observe(element.querySelector('.frame'));

// --- keeping it -------------------------------------------------------------------------------------------------------

const drawing = () => document.querySelector('#canvas canvas');

function pair() {
  const sheet = document.createElement('canvas');
  [sheet.width, sheet.height] = [2 * drawing().width, drawing().height];
  const paint = sheet.getContext('2d');
  paint.drawImage(drawing(), 0, 0);
  paint.drawImage(picture, drawing().width, 0, drawing().width, drawing().height);
  return sheet;
}

function download(url, name) {
  const link = document.createElement('a');
  [link.href, link.download] = [url, name];
  link.click();
}

element.querySelector('[data-save=drawing]').addEventListener('click', () => download(drawing().toDataURL(), 'drawing.png'));
element.querySelector('[data-save=pair]').addEventListener('click', () => download(pair().toDataURL(), 'pix2pix-pair.png'));

element.querySelector('[data-copy=picture]').addEventListener('click', async () => {
  try {
    const blob = await (await fetch(shown.image)).blob();
    await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    note.textContent = texts.copied;
  } catch {
    note.textContent = texts.no_copy;
  }
});
element.querySelector('[data-copy=link]').addEventListener('click', async () => {
  const link = new URL(location.pathname, location.origin);
  link.search = new URLSearchParams({ model: shown.model, seed: shown.seed });
  try {
    await navigator.clipboard.writeText(link.href);
    note.textContent = texts.copied;
  } catch {
    note.textContent = link.href;
  }
});
