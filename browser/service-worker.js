// Keeps the page for when no network is there. What a visitor looks at is kept as it comes; the simulator's megabytes
// only after the page has loaded them, so that nobody pays for what was not wanted.
/* global BUILD */

const CACHE = `vrrplab-${BUILD.key}`;
const SCOPE = new URL(self.registration.scope);
// The page's own files fit together as they were kept; the one file is saved by hand, where it is wanted.
const OF_THIS_VERSION = new Set([...BUILD.page, "vrrplab.html"].map((name) => new URL(name, SCOPE).pathname));

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(BUILD.page)));
});

self.addEventListener("activate", (event) => {
  // Of older versions nothing is left, neither files nor Python's memory. A page of one may still be open: not before
  // it is closed does this version begin.
  const old = (name) => name.startsWith("vrrplab-") && !name.endsWith(BUILD.key);
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("message", (event) => {
  if (event.data?.keep === BUILD.key) event.waitUntil(keep());
});

/** All that is not here yet. It comes out of the browser's own cache, where it was a moment ago. */
async function keep() {
  const cache = await caches.open(CACHE);
  for (const name of BUILD.simulator) {
    if (!(await cache.match(name))) await cache.add(name).catch(() => {});
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== SCOPE.origin || !url.pathname.startsWith(SCOPE.pathname)) return;
  event.respondWith(answer(event.request, url));
});

async function answer(request, url) {
  const cache = await caches.open(CACHE).catch(() => null); // a browser whose disk is full still has a network
  // Files of a version never change; the page itself is asked for anew, so that a new version is seen.
  if (url.pathname.startsWith(`${SCOPE.pathname}${BUILD.folder}`)) {
    return (await cache?.match(request, { ignoreSearch: true })) ?? fetch(request);
  }
  try {
    const response = await fetch(request, { cache: "no-cache" }); // a copy of an hour ago may name files that are gone
    if (response.ok && !OF_THIS_VERSION.has(url.pathname)) void cache?.put(url.origin + url.pathname, response.clone()).catch(() => {});
    return response;
  } catch (error) {
    const kept = await cache?.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
