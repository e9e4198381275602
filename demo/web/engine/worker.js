// The worker that holds a session: drawings in, pictures out, off the page's own thread. See index.js for the page's side.

import { fetchJson, fetchModule, fetchWeights } from './download.js';
import { Session } from './session.js';

/** @type {Session} */
let session;
let last = Promise.resolve();  // requests are done one after the other

self.addEventListener('message', ({ data }) => {
  last = last.then(() => answer(data)).catch((error) => self.postMessage({ id: data.id, error: error.message }));
});

/** @param {{id: number, open?: object, translate?: object}} request */
async function answer({ id, open, translate }) {
  if (open) {
    const report = (done, total) => self.postMessage({ id, progress: { done, total } });
    const [config, weights, { module, kernels }] = await Promise.all([
      fetchJson(`${open.modelUrl}config.json`), fetchWeights(`${open.modelUrl}model.safetensors`, report), fetchModule(),
    ]);
    session = new Session(module, config, weights);
    self.postMessage({ id, opened: { kernels } });
    if (open.gpu) session.probe(open.verdict).then((verdict) => self.postMessage({ verdict }), () => {});
  } else {
    let index = 0;
    for await (const pixels of session.translate(translate.drawing, translate.seeds, translate.rate)) {
      const by = session.gpu ? 'webgpu' : 'wasm';
      self.postMessage({ id, index: index++, pixels, by }, [pixels.buffer]);
    }
  }
}
