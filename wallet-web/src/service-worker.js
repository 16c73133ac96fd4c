// Keeps the wallet's own files, pinned by hash when the page was built (see sw-plugin.ts), so that the page opens
// without a network and a changed file is not run unnoticed. It never touches an answer of the operator's API.
const FILES = __FILES__;
const CACHE = 'coffer-' + __VERSION__;
const PAGES = new Map(FILES);

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await Promise.all(
        FILES.map(async ([path, integrity]) => {
          // The browser refuses a file that is not the built one, and the old worker stays.
          const response = await fetch(path, { integrity, cache: 'no-cache' });
          if (!response.ok || response.redirected) throw new TypeError('not the built file: ' + path);
          await cache.put(path, response);
        }),
      );
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith('coffer-') && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') self.skipWaiting();
});

// A path with an extension is a file; one without is a page of the wallet, unless it belongs to the API.
const API = /^\/(wallet|ledger|business|oauth|schema|docs|openapi\.json|openapi\.yaml|\.well-known)(\/|$)/;

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || API.test(url.pathname)) return;
  // Checking the digest must see what the operator serves now, not what is pinned here.
  if (event.request.cache === 'no-store') return;
  const path = event.request.mode === 'navigate' ? '/index.html' : url.pathname;
  if (!PAGES.has(path)) return;
  event.respondWith(caches.open(CACHE).then(async (cache) => (await cache.match(path)) ?? fetch(event.request)));
});
