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

  constructor(element) {
    this.#element = element;
  }

  /** By the difference of the server's own times: the clock of this device may be wrong. */
  follow({ room, now, stage }) {
    clearInterval(this.#timer);
    this.#element.hidden = room.ends_at === null;
    if (room.ends_at === null) return;
    this.#endsAt = performance.now() + (Date.parse(room.ends_at) - Date.parse(now));
    this.#heir = stage.find((person) => person.id === room.successor && person.connected);
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  #tick() {
    const time = clock(this.#endsAt - performance.now());
    setText(
      this.#element,
      this.#heir
        ? gettext("The host is away. %(name)s takes over in %(time)s.", {
            name: nameOf(this.#heir),
            time,
          })
        : gettext("The host is away. The Space ends in %(time)s.", { time }),
    );
  }
}
