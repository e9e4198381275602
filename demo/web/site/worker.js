// The service worker of the site without a server: after the first visit everything comes from the browser's cache.
// files.js beside it lists what belongs to the site, and its version.

const scope = /** @type {any} */ (self);
scope.importScripts('files.js');
/** @type {{ version: string, names: string[] }} */
const { version, names } = scope.files;
const NAME = 'pix2pix site ';

scope.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(caches.open(NAME + version).then((cache) => cache.addAll(names)));
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
  const old = (/** @type {string} */ name) => name.startsWith(NAME) && name !== NAME + version;
  const clean = async () => Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
  event.waitUntil(clean().then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope.registration.scope)) return;
  event.respondWith(caches.match(request, { ignoreSearch: true }).then((found) => found ?? fetch(request)));
});
