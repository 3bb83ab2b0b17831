/** Keys instead of taps; the list of them, with a switch, is a sheet of its own. */

import { recall, remember } from "./memory.js";

const OFF = "off";
/** A shorter press of the space bar on the microphone's button is a click on it. */
const CLICK_MS = 300;

const isOn = () => recall("shortcuts", "") !== OFF;

/** `voice` is one's own; `list()` shows the list. */
export function listenToKeys({ voice, list }) {
  let heldSince = 0;
  const release = (isClick) => {
    if (heldSince && !isClick) voice.want(false);
    heldSince = 0;
  };

  document.addEventListener("keydown", (event) => {
    if (!isOn() || !isPlain(event) || isTyping(event.target)) return;
    if (event.key === " ") {
      if (!heldSince && !mayTalk(event.target)) return;
      event.preventDefault();
      if (event.repeat || heldSince) return;
      heldSince = performance.now();
      voice.want(true);
    } else if (event.repeat) {
      return;
    } else if (event.key.toLowerCase() === "m") {
      voice.toggle();
    } else if (event.key === "?") {
      list();
    }
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== " " || !heldSince) return;
    event.preventDefault();
    release(isMicrophone(event.target) && performance.now() - heldSince < CLICK_MS);
  });
  // Whoever turns to another window lets go of the key there.
  addEventListener("blur", () => release(false));

  const toggle = document.querySelector("[data-shortcuts]");
  toggle.checked = isOn();
  toggle.addEventListener("change", () => remember("shortcuts", toggle.checked ? "" : OFF));
}

const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.altKey);

const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

const isMicrophone = (target) => target.closest('[data-action="mic"]');

/** The space bar belongs to whatever it would press; the microphone's button shares it. */
function mayTalk(target) {
  const pressed = target.closest("a, button, summary, input, audio, video");
  if (!pressed) return true;
  return isMicrophone(target) && pressed.getAttribute("aria-pressed") === "false";
}
