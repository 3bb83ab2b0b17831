/** The words of a replay: they follow the sound, take one there, and can be searched. */

import { ngettext } from "../i18n.js";
import { clock, current, plain } from "./data.js";

const PATIENCE_MS = 5000; // for how long somebody who scrolls is left alone

export class Transcript {
  #list;
  #lines;
  #now = -1;
  #scrolledAt = -Infinity;

  /** `go(seconds)` is called for a line that was chosen. */
  constructor({ list, search, found, lines, go }) {
    this.#list = list;
    this.#lines = lines;
    list.replaceChildren(...lines.map((line) => item(line)));
    list.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) go(Number(button.dataset.start));
    });
    for (const kind of ["wheel", "touchmove"]) {
      list.addEventListener(kind, () => (this.#scrolledAt = performance.now()), { passive: true });
    }
    search.addEventListener("input", () => {
      const count = this.#filter(search.value);
      found.textContent = search.value
        ? ngettext("%(count)s line", "%(count)s lines", count)
        : "";
    });
  }

  /** Mark what is said at this moment, and bring it into view. */
  follow(time) {
    const now = current(this.#lines, time);
    if (now === this.#now) return;
    this.#list.children[this.#now]?.removeAttribute("aria-current");
    this.#now = now;
    const line = this.#list.children[now];
    line?.setAttribute("aria-current", "true");
    if (line && performance.now() - this.#scrolledAt > PATIENCE_MS) {
      // Not scrollIntoView: that would move the page as well.
      this.#list.scrollTop = line.offsetTop - this.#list.offsetTop - this.#list.clientHeight / 3;
    }
  }

  #filter(text) {
    const wanted = plain(text.trim());
    let count = 0;
    this.#lines.forEach((line, at) => {
      const fits = plain(`${line.name} ${line.text}`).includes(wanted);
      this.#list.children[at].hidden = !fits;
      count += fits;
    });
    return count;
  }
}

function item(line) {
  const place = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "replay__line";
  button.dataset.start = line.start;
  for (const [kind, text] of [
    ["time", clock(line.start)],
    ["strong", line.name],
    ["span", line.text],
  ]) {
    const part = document.createElement(kind);
    part.textContent = text;
    button.append(part, " ");
  }
  place.append(button);
  return place;
}
