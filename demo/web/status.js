// The two lines that tell what goes on: whether a picture is on its way, and who draws it, the server or the device.

import { filled, find } from './dom.js';

/**
 * @param {HTMLElement} root
 * @param {object} studio
 * @param {import('./transport.js').Transport} studio.transport
 * @param {import('./chooser.js').Chooser} studio.engine
 * @param {import('./sheet.js').Sheet} studio.sheet
 * @param {Record<string, string>} studio.texts
 * @param {(words: string) => void} studio.toast
 * @param {(words: string) => void} studio.say tells screen readers
 * @param {boolean} studio.server whether there is one
 * @param {(possible: boolean) => void} studio.offerCamera
 */
export function status(root, { transport, engine, sheet, texts, toast, say, server, offerCamera }) {
  const state = find(root, '.state');
  transport.onState = (now) => {
    state.dataset.name = now.name;
    if (now.name === 'failed') state.textContent = now.sentence;
    else state.textContent = now.name === 'ready' ? '' : filled(texts[now.name], now);
    sheet.canvas.dataset.frame = String(transport.frames);
  };

  const place = find(root, '.place');
  let shown = '';
  let said = ''; // to screen readers
  let told = ''; // the reason that was told last
  engine.onPlace = ({ name, alone, loading, reason }) => {
    place.dataset.place = name;
    offerCamera(name === 'device' && loading === null);
    if (loading === 1) place.textContent = texts.place_starting;
    else if (loading !== null) place.textContent = filled(texts.place_loading, { percent: Math.round(100 * loading) });
    else place.textContent = alone && name === 'device' && server ? texts.place_alone : texts[`place_${name}`];
    if (place.textContent !== shown) { // it covers a corner of the picture, so it fades
      shown = place.textContent ?? '';
      place.classList.remove('fading');
      requestAnimationFrame(() => place.classList.toggle('fading', loading === null));
    }
    const words = loading === null ? shown : texts.getting; // and not each percent
    if (words !== said) say(words);
    said = words;
    const slow = reason === texts.too_slow;
    place.title = reason && (slow ? reason : filled(texts.no_device, { reason }));
    if (reason && !slow && reason !== told && server) toast(place.title);
    told = reason;
  };
}
