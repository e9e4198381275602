// Pictures onto the sheet, from a file, a drop or the clipboard; and pictures to trace, over it.

import { enclosed } from './areas.js';
import { dataUrl, filled, find, squared } from './dom.js';
import { outlined } from './outlines.js';
import { SIDE, drawn } from './sheet.js';
import { hex } from './colours.js';

/**
 * @param {HTMLElement} root @param {import('./sheet.js').Sheet} sheet @param {Record<string, string>} texts
 * @param {(words: string) => void} tell
 */
export function photos(root, sheet, texts, tell) {
  const panel = find(root, '.photo');
  const threshold = /** @type {HTMLInputElement} */ (find(root, '[data-threshold]'));
  const colours = /** @type {HTMLInputElement} */ (find(root, '[data-colours]'));
  let photo = /** @type {ImageData | null} */ (null);

  const leave = () => {
    photo = null;
    panel.hidden = true;
  };

  const outline = () => {
    if (!photo) return;
    const { data } = photo;
    sheet.draw({ data: outlined(data, SIDE, Number(threshold.value)) });
    if (sheet.kind === 'paint' && colours.checked) {
      for (const pixels of enclosed(sheet.lines, SIDE)) {
        const sums = [0, 0, 0];
        for (const at of pixels) for (let c = 0; c < 3; c++) sums[c] += data[4 * at + c];
        const [r, g, b] = sums.map((sum) => Math.round(sum / pixels.length));
        for (const at of pixels) sheet.paint[at] = (r << 16) | (g << 8) | b;
      }
    }
    sheet.changed();
  };

  /** @param {Blob} blob @param {string} name @param {boolean} [mayBePhoto] */
  const put = async (blob, name, mayBePhoto = true) => {
    let picture;
    try {
      picture = await createImageBitmap(blob);
    } catch {
      tell(filled(texts.not_a_picture, { name }));
      return;
    }
    const image = squared(picture, SIDE, hex(sheet.paper), sheet.kind !== 'labels');
    leave();
    sheet.remember();
    if (mayBePhoto && sheet.kind !== 'labels' && !drawn(image, sheet.kind)) {
      photo = image;
      panel.hidden = false;
      find(panel, '.keep-colours').hidden = sheet.kind !== 'paint';
      outline();
      return;
    }
    sheet.draw(image);
    sheet.changed();
  };
  threshold.addEventListener('change', outline);
  colours.addEventListener('change', outline);

  const image = /** @type {HTMLImageElement} */ (find(root, 'img.traced'));
  const video = /** @type {HTMLVideoElement} */ (find(root, 'video.traced'));
  const menu = find(root, '#trace');

  const closeCamera = () => {
    for (const track of /** @type {MediaStream | null} */ (video.srcObject)?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
  const stopTracing = () => {
    closeCamera();
    image.hidden = true;
    showTracing();
  };
  const freeze = () => {
    const still = document.createElement('canvas');
    [still.width, still.height] = [video.videoWidth, video.videoHeight];
    still.getContext('2d')?.drawImage(video, 0, 0);
    image.src = still.toDataURL('image/jpeg', 0.9);
    image.hidden = false;
    closeCamera();
    showTracing();
  };
  const showTracing = () => {
    video.hidden = !video.srcObject;
    const on = !image.hidden || !video.hidden;
    menu.toggleAttribute('data-on', on);
    find(menu, '[data-trace=freeze]').hidden = video.hidden;
    find(menu, '[data-trace=stop]').hidden = !on;
  };
  const traceCamera = async () => {
    try {
      stopTracing();
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
      await video.play();
    } catch {
      tell(texts.no_camera);
    }
    showTracing();
  };

  for (const [name, use] of /** @type {[string, (file: File) => unknown][]} */ ([
    ['upload', (file) => put(file, file.name)],
    ['trace', async (file) => { stopTracing(); image.src = await dataUrl(file); image.hidden = false; showTracing(); }],
  ])) {
    const input = /** @type {HTMLInputElement} */ (find(root, `[data-file=${name}]`));
    input.addEventListener('change', async () => {
      const file = input.files?.[0];
      if (file) await use(file);
      input.value = '';
    });
  }
  find(root, '#upload').addEventListener('click', () => find(root, '[data-file=upload]').click());
  find(menu, '[data-trace=picture]').addEventListener('click', () => find(root, '[data-file=trace]').click());
  find(menu, '[data-trace=camera]').addEventListener('click', traceCamera);
  find(menu, '[data-trace=freeze]').addEventListener('click', freeze);
  find(menu, '[data-trace=stop]').addEventListener('click', stopTracing);

  const here = () => root.getClientRects().length > 0;
  document.addEventListener('dragover', (event) => here() && event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (!here()) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) put(file, file.name);
  });
  document.addEventListener('paste', (event) => {
    const file = here() && [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file) put(file, file.name);
  });
  return { put, leave };
}
