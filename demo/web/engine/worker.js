// The worker that holds a session: drawings in, pictures out, off the page's own thread. See index.js for the page's side.

import { fetchConfig, fetchFile, fetchModule, forget } from './download.js';
import { Session, refuse } from './session.js';

/** @typedef {{modelUrl: string, gpu: boolean, verdict: import('./probe.js').Verdict | null}} Open */
/** @typedef {{drawing: Uint8ClampedArray, seeds: number[], rate?: number}} Translate */

/** @type {Session} */
let session;
let last = Promise.resolve();  // requests are done one after the other

self.addEventListener('message', ({ data }) => {
  last = last.then(() => answer(data)).catch((error) => self.postMessage({ id: data.id, error: error.message }));
});

/** @param {{id: number, open?: Open, translate?: Translate}} request */
async function answer({ id, open, translate }) {
  if (open) {
    const report = (/** @type {number} */ done, /** @type {number} */ total) => self.postMessage({ id, progress: { done, total } });
    // The weights come last: they are large, and not needed where the model does not fit or the kernels do not run.
    const [config, { module, kernels }] = await Promise.all([fetchConfig(`${open.modelUrl}config.json`), fetchModule()]);
    refuse(config);
    const url = `${open.modelUrl}model.safetensors`, weights = await fetchFile(url, report);
    try {
      session = new Session(module, config, weights);
    } catch (error) {
      await forget(url);  // what arrived may be cut off, and is not to stay
      throw error;
    }
    self.postMessage({ id, opened: { kernels, rate: session.rate } });
    if (open.gpu) session.probe(open.verdict).then((verdict) => self.postMessage({ verdict }), () => {});
  } else if (translate) {
    let index = 0;
    for await (const pixels of session.translate(translate.drawing, translate.seeds, translate.rate)) {
      const by = session.gpu ? 'webgpu' : 'wasm';
      self.postMessage({ id, index: index++, pixels, by }, { transfer: [pixels.buffer] });
    }
  }
}
