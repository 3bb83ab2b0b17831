/** How people take part without a microphone: reactions, pins, questions; and captions to read. */

import { Captions } from "./captions.js";
import { Pins } from "./pins.js";
import { Questions } from "./questions.js";
import { Reactions } from "./reactions.js";
import { leads } from "./state.js";

export class Talkback {
  #pins;
  #reactions;
  #questions;
  #captions = new Captions();
  #pinned = [];

  /**
   * `command` sends a command and may reject; `run` says what went wrong and resolves with the
   * reply or `false`; `announce` says a sentence to screen readers.
   */
  constructor({ command, run, announce }) {
    this.#pins = new Pins(run);
    this.#reactions = new Reactions(command);
    this.#questions = new Questions({ run, announce });
    const forms = { ask: this.#questions, pin: this.#pins };
    document.addEventListener("submit", (event) => {
      const part = forms[event.target.dataset.form];
      if (!part) return;
      event.preventDefault();
      part.submit(event.target);
    });
  }

  get actions() {
    const parts = [this.#pins, this.#reactions, this.#questions, this.#captions];
    return Object.assign({}, ...parts.map((part) => part.actions));
  }

  /** A message of the protocol, and the state of the room after it. */
  receive(message, state) {
    const who = { you: state.you, leads: leads(state) };
    const { type, data } = message;
    if (type === "joined" || type === "pins.changed") this.#pinned = data.pins;
    this.#pins.render({ pins: this.#pinned, leads: who.leads });
    this.#questions.receive(message, who);
    this.#captions.receive(message);
    if (type === "reactions") this.#reactions.show(data.counts);
  }
}
