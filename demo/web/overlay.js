// A picture or the camera over the sheet, to trace.

import { dataUrl, find, picked } from './dom.js';
import { Stream } from './stream.js';

/** @param {HTMLElement} root @param {Record<string, string>} texts @param {(words: string) => void} tell */
export function overlay(root, texts, tell) {
  const image = /** @type {HTMLImageElement} */ (find(root, 'img.traced'));
  const video = /** @type {HTMLVideoElement} */ (find(root, 'video.traced'));
  const camera = new Stream(video);
  const menu = find(root, '#trace');

  const stop = () => {
    camera.close();
    image.hidden = true;
    show();
  };
  const freeze = () => {
    const still = document.createElement('canvas');
    [still.width, still.height] = [video.videoWidth, video.videoHeight];
    still.getContext('2d')?.drawImage(video, 0, 0);
    image.src = still.toDataURL('image/jpeg', 0.9);
    image.hidden = false;
    camera.close();
    show();
  };
  const show = () => {
    video.hidden = !video.srcObject;
    const on = !image.hidden || !video.hidden;
    menu.toggleAttribute('data-on', on);
    find(menu, '[data-trace=freeze]').hidden = video.hidden;
    find(menu, '[data-trace=stop]').hidden = !on;
  };
  const openCamera = async () => {
    stop();
    try {
      await camera.open(true);
    } catch {
      tell(texts.no_camera);
    }
    show();
  };

  picked(root, 'trace', async (file) => {
    stop();
    image.src = await dataUrl(file);
    image.hidden = false;
    show();
  });
  find(menu, '[data-trace=picture]').addEventListener('click', () => find(root, '[data-file=trace]').click());
  find(menu, '[data-trace=camera]').addEventListener('click', openCamera);
  find(menu, '[data-trace=freeze]').addEventListener('click', freeze);
  find(menu, '[data-trace=stop]').addEventListener('click', stop);
}
