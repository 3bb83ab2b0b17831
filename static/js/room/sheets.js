/** The dialogs over the room: a person, raised hands, consent, an invitation, a confirmation. */

import { gettext } from "../i18n.js";
import { element, icon, renderList, setText } from "./dom.js";
import { avatar, nameOf, roleName } from "./people.js";
import { findPerson, HOST_ACTIONS, hostActions } from "./state.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const sheet = (name) => document.querySelector(`[data-sheet="${name}"]`);
const { report, profile } = document.querySelector("#room").dataset;

const TIME = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });

let shownPerson = null;

export function open(name) {
  if (!sheet(name).open) sheet(name).showModal();
}

export function close(name) {
  sheet(name).close();
}

/** A tap beside a sheet closes it, as Escape does. */
export function closeOnTapBeside() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}

export function openPerson(state, id) {
  shownPerson = id;
  renderPerson(state);
  open("person");
}

export const personShown = () => shownPerson;

export function renderSheets(state) {
  if (sheet("person").open) renderPerson(state);
  renderHands(state);
}

function renderPerson(state) {
  const person = findPerson(state, shownPerson);
  if (!person) {
    close("person");
    return;
  }
  find("person-picture").replaceChildren(avatar(person));
  find("person-name").textContent = nameOf(person);
  find("person-role").textContent = [roleName(person), person.handle && `@${person.handle}`]
    .filter(Boolean)
    .join(" · ");
  const actions = hostActions(state, person);
  for (const name of HOST_ACTIONS) {
    sheet("person").querySelector(`[data-action="${name}"]`).hidden = !actions.includes(name);
  }
  find("person-profile").hidden = !person.handle;
  find("person-profile").href = profile.replace("HANDLE", person.handle ?? "");
  find("person-report").hidden = person.id === state.you.id;
  find("person-report").href = `${report}?about=${encodeURIComponent(person.id)}`;
}

function renderHands({ hands }) {
  const list = find("hands");
  const hadFocus = list.contains(document.activeElement);
  renderList(list, hands, createHand, updateHand);
  find("hands-empty").hidden = hands.length > 0;
  if (hadFocus && !list.contains(document.activeElement)) {
    (list.querySelector("button") ?? document.querySelector("#hands-title")).focus();
  }
}

function createHand(person) {
  const decline = element(
    "button",
    { type: "button", className: "button button--icon" },
    icon("close"),
    element("span", { className: "visually-hidden", textContent: gettext("Decline") }),
  );
  const accept = element("button", {
    type: "button",
    className: "button button--primary",
    textContent: gettext("Accept"),
  });
  Object.assign(decline.dataset, { action: "hand-decline", person: person.id });
  Object.assign(accept.dataset, { action: "hand-accept", person: person.id });
  const name = element(
    "span",
    { className: "hand__name", id: `hand-${person.id}` },
    element("span"),
    element("span", { className: "hand__time" }),
  );
  for (const button of [decline, accept]) button.setAttribute("aria-describedby", name.id);
  return element("li", { className: "hand" }, avatar(person), name, decline, accept);
}

function updateHand(item, person) {
  const [name, time] = item.querySelector(".hand__name").children;
  setText(name, nameOf(person));
  setText(time, gettext("since %(time)s", { time: TIME.format(new Date(person.raised_at)) }));
}

/** Ask before something that many would regret; resolves with whether they confirmed. */
export function confirm({ title, text, label, isHarmless = false }) {
  find("confirm-title").textContent = title;
  find("confirm-text").textContent = text;
  const button = document.querySelector('[data-action="confirm"]');
  button.textContent = label;
  button.className = isHarmless ? "button button--primary" : "button button--danger";
  const dialog = sheet("confirm");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    button.onclick = () => dialog.close("confirmed");
    dialog.onclose = () => resolve(dialog.returnValue === "confirmed");
  });
}
