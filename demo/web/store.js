// What the browser keeps: the work of this tab over a reload, and the history of all tabs. Entries of the history have
// keys of their own, so that two tabs do not overwrite each other.

const WORK = 'pix2pix work';
const ENTRY = 'pix2pix history ';
const MOST = 40;

/**
 * @typedef {object} Work
 * @property {string} model
 * @property {number} seed
 * @property {string} drawing
 * @property {number | null} [rate] dropout rate; null for that of training
 * @property {import('./engines.js').Computer | null} [by] who drew the picture
 *
 * @typedef {Work & { at: number, picture: string }} Entry
 */

/** @param {Work} work */
export function keepWork(work) {
  const text = JSON.stringify(work);
  for (const store of [() => sessionStorage, () => localStorage]) {
    try { put(store(), WORK, text); } catch { /* forbidden: only a reload loses it */ }
  }
}

/** @returns {Work | null} that of this tab, or else the last of any tab */
export function lastWork() {
  for (const store of [() => sessionStorage, () => localStorage]) {
    try {
      const work = JSON.parse(store().getItem(WORK) ?? 'null');
      if (work) return work;
    } catch { /* forbidden, or not ours */ }
  }
  return null;
}

/** @returns {Entry[]} newest first */
export const entries = () => stored().map(({ entry }) => entry);

/** The entries and their keys, newest first. */
function stored() {
  /** @type {{ key: string, entry: Entry }[]} */
  const found = [];
  try {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(ENTRY))) {
      try {
        const entry = JSON.parse(localStorage.getItem(key) ?? '');
        if (entry && typeof entry.at === 'number') found.push({ key, entry });
      } catch { /* damaged: the others stay */ }
    }
  } catch { /* forbidden */ }
  return found.sort((a, b) => b.entry.at - a.entry.at);
}

/** @param {Work} work */
const keyOf = ({ model, seed, drawing, rate }) => {
  let hash = 0;
  for (const letter of `${model} ${seed} ${drawing}${typeof rate === 'number' ? ` ${rate}` : ''}`) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return `${ENTRY}${hash >>> 0}`;
};

/** @param {Entry} entry @param {Entry | null} [earlier] that it takes the place of */
export function keepEntry(entry, earlier = null) {
  try {
    put(localStorage, keyOf(entry), JSON.stringify(entry));
    if (earlier && keyOf(earlier) !== keyOf(entry)) localStorage.removeItem(keyOf(earlier));
    for (const old of stored().slice(MOST)) localStorage.removeItem(old.key);
  } catch { /* forbidden */ }
}

/**
 * Keep a text. Where localStorage has no room for it, the oldest entries of the history go, unless even that is too little.
 * @param {Storage} store @param {string} key @param {string} text
 */
function put(store, key, text) {
  try {
    store.setItem(key, text);
    return;
  } catch (error) {
    if (store !== localStorage) throw error;
  }
  const oldest = stored().reverse().map((each) => each.key);
  const freed = oldest.reduce((sum, name) => sum + (localStorage.getItem(name)?.length ?? 0), 0);
  if (freed < text.length) return;
  for (const name of oldest) {
    localStorage.removeItem(name);
    try {
      localStorage.setItem(key, text);
      return;
    } catch { /* still too little room */ }
  }
}
