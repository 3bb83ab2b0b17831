/** Reactions: choosing one, and showing those of all, never more than a few elements at once. */

import { gettext } from "../i18n.js";
import { element } from "./dom.js";
import { recall, remember } from "./memory.js";
import { open } from "./sheets.js";
import { sample, totals } from "./tally.js";

const IN_THE_AIR = 14;
const FLIGHT_MS = 2600;
const STILL_MS = 3000;
/** As the server allows (docs/websocket.md): what is faster is not even sent. */
const BURST = 5;
const REFILL_MS = 500;
const SUMS_MS = 5000;

const HANDS = new Set(["clap", "hooray", "thumbs_up", "fist"]);
const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];
const KINDS = [
  { kind: "heart", emoji: "❤️", name: () => gettext("Heart") },
  { kind: "clap", emoji: "👏", name: () => gettext("Applause") },
  { kind: "laugh", emoji: "😂", name: () => gettext("Laughter") },
  { kind: "wow", emoji: "😮", name: () => gettext("Wow") },
  { kind: "hooray", emoji: "🙌", name: () => gettext("Hooray") },
  { kind: "thumbs_up", emoji: "👍", name: () => gettext("Thumbs up") },
  { kind: "fist", emoji: "✊", name: () => gettext("Raised fist") },
  { kind: "hundred", emoji: "💯", name: () => gettext("Hundred points") },
];
const TONE_NAMES = [
  () => gettext("No skin tone"),
  () => gettext("Light skin tone"),
  () => gettext("Medium-light skin tone"),
  () => gettext("Medium skin tone"),
  () => gettext("Medium-dark skin tone"),
  () => gettext("Dark skin tone"),
];

const find = (name) => document.querySelector(`[data-${name}]`);
const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Reactions {
  #command;
  #tone = Number(recall("reaction-tone", "0")) || 0;
  #left = BURST;
  #refill;
  #clearing;

  /** `command` sends a command of the protocol and resolves with the data of its reply. */
  constructor(command) {
    this.#command = command;
    this.#draw();
    find("reactions").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle();
    });
  }

  actions = {
    react: () => this.toggle(),
    "reaction-send": (button) => this.#send(button.dataset.kind),
    "reaction-tone": (button) => this.#choose(Number(button.dataset.tone)),
    sums: () => this.#openSums(),
  };

  toggle() {
    const panel = find("reactions");
    const button = document.querySelector('[data-action="react"]');
    const hadFocus = panel.contains(document.activeElement);
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (hadFocus) button.focus();
  }

  /** Show how often others and oneself reacted: `counts` by emoji. */
  show(counts) {
    const air = find("air");
    if (prefersStillness()) this.#showStill(air, counts);
    else sample(counts, IN_THE_AIR - air.childElementCount).forEach(fly, air);
  }

  #showStill(air, counts) {
    const shown = Object.entries(counts).map(([emoji, count]) =>
      element("span", { className: "reaction-still", textContent: `${emoji} ${count}` }),
    );
    air.replaceChildren(...shown);
    clearTimeout(this.#clearing);
    this.#clearing = setTimeout(() => air.replaceChildren(), STILL_MS);
  }

  #send(kind) {
    if (this.#left === 0) return;
    this.#left -= 1;
    this.#refill ??= setInterval(() => this.#earn(), REFILL_MS);
    // One too many, or no connection: a reaction is not worth a word about it.
    this.#command("reaction.send", { emoji: this.#emoji(kind) }).catch(() => {});
  }

  #earn() {
    this.#left += 1;
    if (this.#left < BURST) return;
    clearInterval(this.#refill);
    this.#refill = undefined;
  }

  #choose(tone) {
    this.#tone = tone;
    remember("reaction-tone", String(tone));
    this.#draw();
    find("reaction-tones").children[tone].focus();
  }

  #emoji(kind) {
    const { emoji } = KINDS.find((each) => each.kind === kind);
    return HANDS.has(kind) ? emoji + TONES[this.#tone] : emoji;
  }

  #draw() {
    find("reaction-emoji").replaceChildren(
      ...KINDS.map(({ kind, name }) =>
        emojiButton("reaction-send", this.#emoji(kind), name(), { kind }),
      ),
    );
    find("reaction-tones").replaceChildren(
      ...TONES.map((tone, index) => {
        const button = emojiButton("reaction-tone", `✋${tone}`, TONE_NAMES[index](), { tone: index });
        button.setAttribute("aria-pressed", String(index === this.#tone));
        return button;
      }),
    );
  }

  // --- the sums, for those who run the room ---------------------------------------------------

  async #openSums() {
    open("sums");
    const sheet = document.querySelector('[data-sheet="sums"]');
    do {
      const answer = await this.#command("reactions.read").catch(() => null);
      if (answer) renderSums(answer.minutes);
      await new Promise((resolve) => setTimeout(resolve, SUMS_MS));
    } while (sheet.open);
  }
}

function emojiButton(action, emoji, name, data) {
  const button = element("button", { type: "button", className: "emoji", textContent: emoji });
  button.setAttribute("aria-label", name);
  button.title = name;
  Object.assign(button.dataset, { action, ...data });
  return button;
}

/** Let an emoji rise through the element it is called on, and be gone. */
function fly(emoji) {
  const flying = element("span", { className: "reaction-flying", textContent: emoji });
  this.append(flying);
  const drift = () => `${Math.round((Math.random() - 0.5) * 120)}px`;
  const flight = flying.animate(
    [
      { transform: "translate(0, 0) scale(0.4)", opacity: 0 },
      { transform: `translate(${drift()}, -6rem) scale(1.15)`, opacity: 1, offset: 0.25 },
      { transform: `translate(${drift()}, -20rem) scale(1)`, opacity: 0 },
    ],
    { duration: FLIGHT_MS, delay: Math.random() * 400, easing: "ease-out", fill: "backwards" },
  );
  flight.onfinish = flight.oncancel = () => flying.remove();
}

function renderSums(minutes) {
  const shown = (kind) => KINDS.find((each) => each.kind === kind);
  const counted = ([kind, count]) =>
    element(
      "li",
      {},
      spoken(shown(kind).emoji, shown(kind).name()),
      element("strong", { textContent: String(count) }),
    );
  find("sums").replaceChildren(...totals(minutes).map(counted));
  find("sums-empty").hidden = minutes.length > 0;
  find("sums-table").hidden = minutes.length === 0;
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
  const row = ({ minute, counts }) =>
    element(
      "tr",
      {},
      element("td", { textContent: time.format(new Date(minute)) }),
      element("td", {}, element("ul", { className: "sums" }, ...Object.entries(counts).map(counted))),
    );
  find("sums-minutes").replaceChildren(...[...minutes].reverse().map(row));
}

function spoken(emoji, name) {
  const image = element("span", { textContent: emoji });
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", name);
  return image;
}
