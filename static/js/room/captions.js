/**
 * What people say, as text: a log that one can scroll back. It speaks to screen readers only
 * where that was asked for, since it would talk over the people.
 */

import { gettext } from "../i18n.js";
import { element } from "./dom.js";
import { recall, remember } from "./memory.js";
import { open } from "./sheets.js";

const KEPT = 300;
/** So many pixels above the end still count as being at the end. */
const NEAR = 40;

const find = (name) => document.querySelector(`[data-${name}]`);
/** Why there are no captions although the host wished for them. */
const REASONS = {
  busy: () => gettext("No captions for now: the server writes down as many Spaces as it can."),
  unavailable: () => gettext("No captions: this server cannot write any."),
};
const SIZES = new Set(["small", "medium", "large", "huge"]);

export class Captions {
  #panel = find("captions");
  #lines = find("caption-lines");
  #last = { id: 0, participant: null };
  #note = find("captions-empty");
  #hint = this.#note?.textContent;
  #captioning = null;
  #isOn = recall("captions", "on") === "on";

  actions = {
    captions: () => this.#switch(!this.#isOn),
    "captions-latest": () => this.#toEnd(),
    "caption-settings": () => open("captions"),
  };

  constructor() {
    if (!this.#panel) return;
    const form = document.querySelector('[data-form="captions"]');
    const size = recall("caption-size", "medium");
    form.elements.size.value = SIZES.has(size) ? size : "medium";
    form.elements.announced.checked = recall("captions-announced", "no") === "yes";
    form.addEventListener("change", () => this.#follow(form));
    this.#follow(form);
    this.#lines.addEventListener("scroll", () => this.#offerLatest(), { passive: true });
  }

  /** A line of the protocol, or on joining the last ones. */
  receive({ type, data }) {
    if (!this.#panel) return;
    if (type === "joined") {
      this.#show();
      this.#append(data.captions);
      this.#explain(data.captioning);
    } else if (type === "captioning.changed") {
      this.#explain(data.captioning);
    } else if (type === "caption") {
      this.#append([data]);
    }
  }

  #follow({ elements: { size, announced } }) {
    remember("caption-size", size.value);
    remember("captions-announced", announced.checked ? "yes" : "no");
    this.#panel.dataset.size = size.value;
    this.#lines.setAttribute("aria-live", announced.checked ? "polite" : "off");
    this.#toEnd();
  }

  #switch(isOn) {
    this.#isOn = isOn;
    remember("captions", isOn ? "on" : "off");
    this.#show();
    this.#toEnd();
  }

  #show() {
    this.#panel.hidden = !this.#isOn;
    const button = document.querySelector('[data-action="captions"]');
    button.setAttribute("aria-pressed", String(this.#isOn));
  }

  /** Who scrolled back goes on reading there. */
  #append(lines) {
    const wasAtEnd = this.#isAtEnd();
    for (const line of lines) this.#add(line);
    if (wasAtEnd) this.#toEnd();
    else this.#offerLatest();
  }

  #add({ id, participant, name, text }) {
    // After a lost connection the last lines come once more.
    if (id <= this.#last.id) return;
    const line = element("p", { className: "caption" });
    if (participant !== this.#last.participant) {
      line.append(element("strong", { className: "caption__name", textContent: name }), " ");
    }
    line.append(text);
    this.#lines.append(line);
    this.#last = { id, participant };
    if (this.#lines.childElementCount > KEPT) this.#lines.firstElementChild.remove();
    this.#explain(this.#captioning);
  }

  /** Below the lines: what will be there, or why nothing will. */
  #explain(captioning) {
    this.#captioning = captioning;
    const reason = REASONS[captioning]?.();
    this.#note.textContent = reason ?? this.#hint;
    this.#note.hidden = !reason && this.#last.id > 0;
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#lines;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toEnd() {
    this.#lines.scrollTop = this.#lines.scrollHeight;
    this.#offerLatest();
  }

  #offerLatest() {
    document.querySelector('[data-action="captions-latest"]').hidden = this.#isAtEnd();
  }
}
