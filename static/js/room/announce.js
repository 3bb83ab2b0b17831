/** What screen readers hear of the room: few words, politely, never moving the focus. */

import { gettext, ngettext } from "../i18n.js";

const GATHER_MS = 1000;
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
    ...microphones(before.stage, after.stage, after.you.id),
    ...ownMicrophone(before.you, after.you),
  ];
}

function arrivals(before, after, self) {
  const known = new Set(before.map((person) => person.id));
  return after.filter((person) => !known.has(person.id) && person.id !== self);
}

function microphones(before, after, self) {
  const muted = new Map(before.map((person) => [person.id, person.muted]));
  return after
    .filter(({ id, muted: isMuted }) => id !== self && muted.get(id) === !isMuted)
    .map(({ name, muted: isMuted }) =>
      isMuted
        ? gettext("%(name)s is muted", { name })
        : gettext("%(name)s has the microphone on", { name }),
    );
}

function ownMicrophone(before, after) {
  if (before.muted === after.muted || before.role !== after.role) return [];
  return [after.muted ? gettext("You are muted") : gettext("Your microphone is on")];
}

/**
 * Speaks into a live region. What happens within a moment is said together, as what differs in the
 * end: whoever goes up and down again, or mutes and unmutes, is not worth a word.
 */
export class Announcer {
  #region;
  #sentences = [];
  #said = null;
  #state = null;
  #timer;

  constructor(region) {
    this.#region = region;
  }

  /** Say what changed, soon. */
  follow(state) {
    this.#state = state;
    this.#said ??= state;
    this.#speakSoon();
  }

  say(...sentences) {
    this.#sentences.push(...sentences);
    this.#speakSoon();
  }

  #speakSoon() {
    this.#timer ??= setTimeout(() => this.#speak(), GATHER_MS);
  }

  #speak() {
    this.#timer = undefined;
    const news = [...this.#sentences, ...changes(this.#said, this.#state)];
    this.#sentences = [];
    this.#said = this.#state;
    if (news.length === 0) return;
    const said = news.slice(0, MOST);
    const left = news.length - said.length;
    if (left > 0) {
      said.push(ngettext("and %(count)s more change", "and %(count)s more changes", left));
    }
    this.#region.textContent = said.join(". ");
  }
}
