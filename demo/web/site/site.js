// Starts the studio on the site without a server, and keeps everything for when there is no network.

import { keepFile } from '../engine/download.js';
import { find } from '../dom.js';
import { start } from '../main.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const dress = () => document.body.classList.toggle('dark', dark.matches);
dark.addEventListener('change', dress);
dress();

/** @type {import('../main.js').Props} */
const props = await (await fetch('studio.json')).json();

// The other models, too, come when the first one has drawn, so that it need not share the network with them. Whatever
// cannot be kept is fetched when it is needed: the site works without, as long as there is a network.
document.addEventListener('pix2pix:translated', async () => {
  const { connection } = /** @type {{ connection?: { saveData?: boolean } }} */ (/** @type {unknown} */ (navigator));
  if (connection?.saveData) return;
  let whole = 'serviceWorker' in navigator;
  for (const { weights } of Object.values(props.models)) {
    for (const file of ['config.json', 'model.safetensors']) {
      await keepFile(String(new URL(weights + file, document.baseURI))).catch(() => { whole = false; });
    }
  }
  if (!whole) return;
  await navigator.serviceWorker.ready;
  document.body.dataset.kept = 'true';
}, { once: true });

await start(find(document, '#studio'), props);
navigator.serviceWorker?.register('worker.js').catch(() => {});
