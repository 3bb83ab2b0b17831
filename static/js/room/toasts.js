/** Short news that goes away by itself; screen readers hear it politely. */

import { element } from "./dom.js";

const SHOWN_MS = 7000;

export function toast(text, { isError = false } = {}) {
  const look = isError ? "toast toast--error" : "toast";
  const shown = element("p", { className: look, textContent: text });
  document.querySelector("[data-toasts]").append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}
