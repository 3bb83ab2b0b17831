/** The time that is left while nobody runs the Space. */

import { gettext } from "../i18n.js";
import { clock } from "./clock.js";
import { setText } from "./dom.js";
import { nameOf } from "./people.js";

export class Countdown {
  #element;
  #timer;
  #endsAt = 0;
  #heir = null;
  #isYou = false;

  constructor(element) {
    this.#element = element;
  }

  /** By the difference of the server's own times: the clock of this device may be wrong. */
  follow({ room, now, stage, you }) {
    clearInterval(this.#timer);
    this.#element.hidden = room.ends_at === null;
    if (room.ends_at === null) return;
    this.#endsAt = performance.now() + (Date.parse(room.ends_at) - Date.parse(now));
    this.#heir = stage.find((person) => person.id === room.successor && person.connected);
    this.#isYou = this.#heir?.id === you.id;
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  #tick() {
    const time = clock(this.#endsAt - performance.now());
    setText(this.#element, this.#sentence(time));
  }

  #sentence(time) {
    if (!this.#heir) return gettext("The host is away. The Space ends in %(time)s.", { time });
    if (this.#isYou) return gettext("The host is away. You take over in %(time)s.", { time });
    const name = nameOf(this.#heir);
    return gettext("The host is away. %(name)s takes over in %(time)s.", { name, time });
  }
}
