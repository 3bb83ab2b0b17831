/** Links and notes that the host shows to all. */

import { gettext } from "../i18n.js";
import { element, icon, renderList } from "./dom.js";
import { close, open } from "./sheets.js";

const WEB_ADDRESS = /^https?:\/\/\S+$/i;

const list = () => document.querySelector("[data-pins]");

/** What is pinned with a text: the command and its data. */
export function pinning(text) {
  const trimmed = text.trim();
  return WEB_ADDRESS.test(trimmed)
    ? ["pin.link", { url: trimmed }]
    : ["pin.note", { text: trimmed }];
}

export class Pins {
  #run;

  constructor(run) {
    this.#run = run;
  }

  actions = {
    pin: () => open("pin"),
    unpin: (button) => this.#run("pin.remove", { pin: button.dataset.pin }),
  };

  async submit(form) {
    if (!(await this.#run(...pinning(form.elements.text.value)))) return;
    form.reset();
    close("pin");
  }

  render({ pins, leads }) {
    const hadFocus = list().contains(document.activeElement);
    renderList(list(), pins, createPin, (item) => {
      item.lastElementChild.hidden = !leads;
    });
    list().hidden = pins.length === 0;
    if (hadFocus && !list().contains(document.activeElement)) {
      (list().querySelector("a, button:not([hidden])") ?? document.querySelector("#room-title")).focus();
    }
  }
}

function createPin(pin) {
  const remove = element(
    "button",
    { type: "button", className: "button button--icon pin__remove" },
    icon("close"),
    element("span", {
      className: "visually-hidden",
      textContent: gettext("Take down: %(what)s", { what: pin.host ?? pin.text }),
    }),
  );
  Object.assign(remove.dataset, { action: "unpin", pin: pin.id });
  return element("li", { className: "pin" }, pin.url ? linkOf(pin) : noteOf(pin), remove);
}

function noteOf({ text }) {
  return element("p", { className: "pin__what" }, icon("note"), element("span", { textContent: text }));
}

/** The server lets only addresses of the web through; whatever else comes does not become a link. */
function linkOf({ url, host }) {
  if (!WEB_ADDRESS.test(url)) return noteOf({ text: url });
  const { pathname, search } = new URL(url);
  return element(
    "a",
    {
      className: "pin__what",
      href: url,
      target: "_blank",
      rel: "noopener noreferrer nofollow",
      referrerPolicy: "no-referrer",
    },
    icon("link"),
    element(
      "span",
      { className: "pin__link" },
      element("strong", { textContent: host }),
      element("span", { className: "pin__path", textContent: (pathname + search).replace(/^\/$/, "") }),
      element("span", { className: "visually-hidden", textContent: gettext("(opens in a new tab)") }),
    ),
  );
}
