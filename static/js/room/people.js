/** How one person looks: picture and tile. */

import { gettext } from "../i18n.js";
import { element, icon, setData, setText } from "./dom.js";

const COLOURS = 8;

/** The same colour as `{% avatar %}` gives in the pages: CRC-32 of the handle. */
function colour(text) {
  let crc = ~0;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (~crc >>> 0) % COLOURS;
}

/** The server names guests in its own language; here it is the reader's. */
export function nameOf(person) {
  return person.handle ? person.name : gettext("Guest %(mark)s", { mark: person.id.slice(0, 4) });
}

export function avatar(person) {
  if (person.picture) {
    return element("img", { className: "avatar", src: person.picture, alt: "" });
  }
  const initial = element("span");
  initial.setAttribute("aria-hidden", "true");
  return showInitial(initial, person);
}

function showInitial(initial, person) {
  initial.className = `avatar avatar--c${colour(person.handle ?? person.id)}`;
  setText(initial, [...nameOf(person)][0] ?? "");
  return initial;
}

export function roleName(person) {
  if (person.role === "host") return gettext("Host");
  if (person.role === "cohost") return gettext("Co-host");
  return person.role === "speaker" ? gettext("Speaker") : gettext("Listener");
}

/** A list item with one button: the person, to be filled by `updateTile`. */
export function createTile() {
  const button = element(
    "button",
    { className: "person", type: "button" },
    element("span", { className: "person__picture" }),
    element("span", { className: "person__name" }),
    element("span", { className: "person__role" }),
    element("span", { className: "person__state visually-hidden" }),
  );
  return element("li", {}, button);
}

/** Who talks is marked by `markTalking`. */
export function updateTile(item, person, { isYou = false } = {}) {
  const button = item.firstElementChild;
  const [picture, name, role, state] = button.children;
  const isHeard = person.role !== "listener";
  showPicture(picture, person, isHeard);
  setData(button, {
    participant: person.id,
    name: nameOf(person),
    role: person.role,
    muted: person.muted,
    connected: person.connected,
    you: isYou,
  });
  setText(name, nameOf(person));
  const words = [isHeard && roleName(person), isYou && gettext("you")];
  setText(role, words.filter(Boolean).join(" · "));
  setText(state, spokenState(person));
}

/** What is there is used again where it can be: making elements costs a phone most. */
function showPicture(place, person, isHeard) {
  const shown = `${person.id} ${person.picture} ${person.name} ${isHeard}`;
  if (place.shown === shown) return;
  place.shown = shown;
  const used = place.firstElementChild;
  if (used?.matches("span") && !person.picture && !isHeard) {
    showInitial(used, person);
    return;
  }
  place.replaceChildren(avatar(person), ...(isHeard ? signs() : []));
}

const signs = () => [
  element("span", { className: "person__ring" }),
  element("span", { className: "person__muted" }, icon("mic-off")),
];

/** Show whether the person is talking; returns the ring that follows how loud, if so. */
export function markTalking(item, person, speaking) {
  // The last words of somebody just muted may still be in the air.
  const isTalking = speaking && !person.muted;
  setData(item.firstElementChild, { speaking: isTalking });
  return isTalking ? item.querySelector(".person__ring") : null;
}

function spokenState(person) {
  if (!person.connected) return gettext("reconnecting");
  return person.muted && person.role !== "listener" ? gettext("muted") : "";
}
