/** What screen readers hear of the room: few words, politely, never moving the focus. */

import { gettext, ngettext } from "../i18n.js";

const GATHER_MS = 600;
const MOST = 3;

/** The sentences that say what changed between two states; pure. */
export function changes(before, after) {
  if (before === null) return [];
  return [
    ...arrivals(before.stage, after.stage, after.you.id).map((person) =>
      gettext("%(name)s is on stage", { name: person.name }),
    ),
    ...arrivals(after.stage, before.stage, after.you.id).map((person) =>
      gettext("%(name)s left the stage", { name: person.name }),
    ),
    ...arrivals(before.hands, after.hands, after.you.id).map((person) =>
      gettext("%(name)s raised a hand", { name: person.name }),
    ),
    ...ownMicrophone(before.you, after.you),
  ];
}

function arrivals(before, after, self) {
  const known = new Set(before.map((person) => person.id));
  return after.filter((person) => !known.has(person.id) && person.id !== self);
}

function ownMicrophone(before, after) {
  if (before.muted === after.muted || before.role !== after.role) return [];
  return [after.muted ? gettext("You are muted") : gettext("Your microphone is on")];
}

/** Speaks into a live region; what comes in quick succession is said together. */
export class Announcer {
  #region;
  #sentences = [];
  #timer;

  constructor(region) {
    this.#region = region;
  }

  say(...sentences) {
    if (sentences.length === 0) return;
    this.#sentences.push(...sentences);
    this.#timer ??= setTimeout(() => this.#speak(), GATHER_MS);
  }

  #speak() {
    const said = this.#sentences.slice(0, MOST);
    const left = this.#sentences.length - said.length;
    if (left > 0) {
      said.push(ngettext("and %(count)s more change", "and %(count)s more changes", left));
    }
    this.#region.textContent = said.join(". ");
    this.#sentences = [];
    this.#timer = undefined;
  }
}
