/**
 * On every page: an open menu closes on Escape and on a click elsewhere; the service worker, which
 * shows a page of ours when there is no network, is in its place.
 */

import { tellTimes } from "./times.js";

const menus = document.querySelectorAll("[data-menu]");

document.addEventListener("click", (event) => {
  for (const menu of menus) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

const { lang } = document.documentElement;
navigator.serviceWorker?.register(`/service-worker.js?language=${lang}`);

if (document.body.matches(".offline")) addEventListener("online", () => location.reload());

tellTimes(document);
setInterval(() => tellTimes(document), 60_000);
