/** Short news that goes away by itself; screen readers hear it politely. */

import { element } from "./dom.js";

const SHOWN_MS = 7000;

export function toast(text, { isError = false } = {}) {
  const look = isError ? "toast toast--error" : "toast";
  const shown = element("p", { className: look, textContent: text });
  place().append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

/** In front of everything: an open dialog makes the rest of the page inert. */
function place() {
  return (
    document.querySelector("dialog[open] [data-toasts]") ?? document.querySelector(".toasts")
  );
}
