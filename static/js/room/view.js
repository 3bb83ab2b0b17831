/** The room on the page, drawn from the state. */

import { gettext, ngettext } from "../i18n.js";
import { renderList, setText } from "./dom.js";
import { createTile, markTalking, updateTile } from "./people.js";
import { EMPTY } from "./state.js";

const find = (name) => document.querySelector(`[data-${name}]`);

/** What the person may do at the bottom of the page; the names stand in `data-for`. */
export function standing({ role, is_guest, hand_raised, may_raise_hand }) {
  if (role !== "listener") return role;
  if (is_guest) return "guest";
  if (hand_raised) return "raised";
  return may_raise_hand ? "listener" : "quiet";
}

/** Draw what differs from the state `before`; returns the rings of those who talk, if that did. */
export function renderRoom(state, before) {
  const isNew = (part) => before === EMPTY || state[part] !== before[part];
  if (!find("lobby").hidden) enterRoom();
  if (isNew("stage")) renderStage(state);
  if (isNew("audience")) renderAudience(state);
  if (isNew("you") || isNew("hands")) renderDock(state);
  return isNew("stage") || isNew("speaking") ? renderTalking(state) : null;
}

/** The lobby gives way; whoever uses the keyboard goes on from the title. */
function enterRoom() {
  find("lobby").hidden = true;
  for (const part of ["stage", "audience", "dock"]) find(part).hidden = false;
  document.querySelector("#room-title").focus();
}

function renderStage({ stage, you }) {
  renderList(find("stage"), stage, createTile, (tile, person) =>
    updateTile(tile, person, { isYou: person.id === you.id }),
  );
}

function renderTalking({ stage, speaking, you }) {
  const tiles = find("stage").children;
  return stage
    .map((person, index) => ({
      element: markTalking(tiles[index], person, speaking.includes(person.id)),
      isOwn: person.id === you.id,
    }))
    .filter(({ element }) => element);
}

let restOfAudience;

/**
 * Whoever comes takes the place of somebody who left, so that nobody else moves; one in a frame,
 * because all at once would hold up a phone for a moment.
 */
function renderAudiencePeople({ audience: { sample }, you }) {
  cancelAnimationFrame(restOfAudience);
  const list = find("audience-people");
  const tiles = new Map([...list.children].map((tile) => [tile.dataset.key, tile]));
  const newcomers = [];
  for (const person of sample) {
    const tile = tiles.get(person.id);
    if (tile) showListener(tile, person, you);
    else newcomers.push(person);
    tiles.delete(person.id);
  }
  const free = [...tiles.values()];
  const step = () => {
    if (newcomers.length) {
      const tile = free.shift() ?? list.appendChild(createTile());
      showListener(tile, newcomers.shift(), you);
    } else free.pop()?.remove();
    if (newcomers.length || free.length) restOfAudience = requestAnimationFrame(step);
  };
  // The numbers above change in this frame, so the tiles begin with the next.
  restOfAudience = requestAnimationFrame(() => {
    restOfAudience = requestAnimationFrame(step);
  });
}

function showListener(tile, person, you) {
  const shown = JSON.stringify(person);
  if (tile.shown === shown) return;
  tile.shown = shown;
  tile.dataset.key = person.id;
  updateTile(tile, person, { isYou: person.id === you.id });
}

function renderAudience({ audience, you }) {
  const { count, sample } = audience;
  setText(find("audience-count"), formatted(count));
  renderAudiencePeople({ audience, you });
  const unseen = count - sample.length;
  find("audience-more").hidden = unseen <= 0;
  setText(
    find("audience-more"),
    ngettext("and %(count)s more", "and %(count)s more", unseen, { count: formatted(unseen) }),
  );
  find("audience-empty").hidden = count > 0;
}

const formatted = (number) => number.toLocaleString(document.documentElement.lang);

function renderDock({ you, hands }) {
  const now = standing(you);
  for (const tool of document.querySelectorAll("[data-for]")) {
    tool.hidden = !tool.dataset.for.split(" ").includes(now);
  }
  document.querySelector('[data-action="mic"]').setAttribute("aria-pressed", String(!you.muted));
  const badge = find("hands-count");
  badge.hidden = hands.length === 0;
  setText(badge, String(hands.length));
}

/** `connection` is `idle`, `joining`, `live`, `reconnecting` or `closed`; `text` says more. */
export function renderConnection(connection, text, isSilent) {
  document.body.dataset.connection = connection;
  document.querySelector('[data-action="join"]').disabled = connection !== "idle";
  const shown = connection === "joining" || connection === "reconnecting";
  find("dock").hidden = connection === "idle" || connection === "closed";
  find("banner").hidden = !shown;
  find("banner-text").textContent = shown ? text : "";
  document.querySelector('[data-action="listen"]').hidden = !isSilent || connection === "closed";
}

/** The room is over for this page; `mayTakeOver` offers to go on here. */
export function renderClosed({ title, text, mayTakeOver = false }) {
  for (const part of ["badges", "lobby", "stage", "audience", "dock"]) find(part).hidden = true;
  for (const sheet of document.querySelectorAll("dialog[open]")) sheet.close();
  find("closed-title").textContent = title;
  find("closed-text").textContent = text;
  document.querySelector('[data-action="take-over"]').hidden = !mayTakeOver;
  find("closed").hidden = false;
  find("closed").focus();
}

/** Back to the lobby, from which the room opens once more. */
export function hideClosed() {
  find("closed").hidden = true;
  for (const part of ["badges", "lobby"]) find(part).hidden = false;
}

/** Words for each way in which the server says that it is over (docs/websocket.md). */
export function closedText(code, reason) {
  if (code === 4409) {
    return {
      title: gettext("You opened this Space somewhere else"),
      text: gettext("Another tab or device of yours has taken over, so this one is silent."),
      mayTakeOver: true,
    };
  }
  if (code === 4403) return refusedText(reason);
  if (code === 4401) {
    return {
      title: gettext("Your browser kept no cookie"),
      text: gettext("Allow cookies for this site and reload the page. They only tell your browser from others."),
    };
  }
  return {
    title: gettext("This page is out of date"),
    text: gettext("Reload it and join again."),
  };
}

function refusedText(reason) {
  if (reason === "removed") {
    return {
      title: gettext("The host removed you"),
      text: gettext("You cannot come back to this Space. Other Spaces are open to you."),
    };
  }
  if (reason === "suspended") {
    return {
      title: gettext("Your account is suspended"),
      text: gettext("You cannot join Spaces for now."),
    };
  }
  return {
    title: gettext("You cannot join this Space"),
    text: gettext("Other Spaces are open to you."),
  };
}
