{% load modules static %}/**
 * Shows a page of ours when a page cannot be had. Nothing else is kept: what people see belongs to
 * them, and is never stored here.
 */

const language = new URL(location.href).searchParams.get("language");
const CACHE = "offline";
const PAGE = `/offline/${language}/`;
const FILES = [
  "{% styles_address 'tokens base frame components buttons people forms' %}",
  "{% static 'js/site.js' %}",
  "{% static 'js/times.js' %}",
  "{% static 'img/icons.svg' %}",
];

async function install() {
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  // Without cookies: the page of nobody in particular.
  await cache.addAll([PAGE, ...FILES].map((path) => new Request(path, { credentials: "omit" })));
  await skipWaiting();
}

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return caches.match(PAGE, { ignoreVary: true });
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request, { ignoreVary: true })) ?? Response.error();
  }
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(registration.navigationPreload?.enable()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(event));
  else if (FILES.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});
