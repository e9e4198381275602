// Files on their way to the server: those of folders that were dropped, made smaller where they are photos.

import { Trouble } from '../engines.js';

const SIDE = 640; // pixels of a photo that is sent, at most; training takes 286
const SMALL = 400_000; // bytes of a file that is sent as it is
const AT_ONCE = 4;

/** @typedef {{ file: File, name: string, group: string }} Dropped */
/** @typedef {{ path: string, name: string, group: string }} Sent */

/**
 * The files in a drop, with the folders they lie in.
 * @param {DataTransfer} transfer @param {string} group @returns {Promise<Dropped[]>}
 */
export async function filesOf(transfer, group) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry);
  if (!entries.some((entry) => entry?.isDirectory)) {
    return [...transfer.files].map((file) => ({ file, name: file.name, group }));
  }
  const found = await Promise.all(entries.map((entry) => inside(/** @type {FileSystemEntry} */ (entry))));
  return found.flat().map(({ file, name }) => ({ file, name, group }));
}

/** @param {FileSystemEntry} entry @returns {Promise<{ file: File, name: string }[]>} */
async function inside(entry) {
  if (entry.name.startsWith('.')) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ file, name: entry.fullPath.replace(/^\//, '') }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  for (;;) { // a reader gives a hundred at a time
    const some = /** @type {FileSystemEntry[]} */ (await new Promise((resolve, reject) => reader.readEntries(resolve, reject)));
    if (!some.length) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(inside))).flat();
}

/**
 * Send files, a few at once.
 * @param {Dropped[]} files @param {(sent: number) => void} report
 * @returns {Promise<{ sent: Sent[], lost: string[] }>} where they lie on the server, and a sentence for each that did not arrive
 */
export async function send(files, report) {
  /** @type {Sent[]} */
  const sent = new Array(files.length);
  /** @type {string[]} */
  const lost = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < files.length) {
      const at = next++;
      const { file, name, group } = files[at];
      try {
        sent[at] = { path: await sendOne(await smaller(file), file.name), name, group };
      } catch (error) {
        if (!(error instanceof Trouble)) throw error;
        lost.push(`${name}: ${error.message}`);
      }
      report((done += 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { sent: sent.filter(Boolean), lost };
}

/** @param {Blob} blob @param {string} name @returns {Promise<string>} */
async function sendOne(blob, name) {
  const body = new FormData();
  body.append('files', blob, name);
  for (let attempt = 0; ; attempt++) {
    let answer;
    try {
      answer = await fetch(new URL('gradio_api/upload', document.baseURI), { method: 'POST', body });
    } catch {
      throw new Trouble('The server cannot be reached: try again later.');
    }
    if (answer.ok) return (await answer.json())[0];
    const wait = Number(answer.headers.get('Retry-After'));
    if (answer.status !== 429 || !wait || attempt > 10) throw new Trouble(await words(answer));
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

/** @param {Response} answer */
async function words(answer) {
  const text = await answer.text();
  try {
    const { detail, error } = JSON.parse(text);
    return String(detail ?? error ?? text);
  } catch {
    return text.slice(0, 300);
  }
}

/** A large photo with fewer pixels; anything else as it is. @param {File} file @returns {Promise<Blob>} */
async function smaller(file) {
  if (file.size <= SMALL) return file;
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return file; // the server says what is wrong with it
  }
  // A pair side by side is two pictures wide.
  const scale = SIDE / Math.min(picture.height, picture.width);
  if (scale >= 1) return file;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2 * Math.round((picture.width * scale) / 2), Math.round(picture.height * scale)];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.94));
  return blob ?? file;
}
