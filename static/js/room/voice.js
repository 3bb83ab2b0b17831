/** One's own voice: the microphone, and what the server knows of it. */

import { gettext } from "../i18n.js";
import { hint } from "./hints.js";
import { Meter } from "./meter.js";
import { Microphone, MicrophoneError, silenced } from "./microphone.js";
import { EMPTY, isOnStage } from "./state.js";
import { toast } from "./toasts.js";

const LISTEN_MS = 200;
/** From this level on it is a voice, and after so many looks it means to be heard. */
const VOICE = 0.35;
const LOOKS = 4;
const HINT_MS = 5000;

export class Voice {
  #microphone = new Microphone();
  #connection;
  #run;
  #told;
  #askConsent;
  #state = EMPTY;
  #wanted = null;
  #isBusy = false;
  #meter = null;
  #listening;
  #loudLooks = 0;

  /**
   * `connection` sends the track; `run(command)` resolves with something true if it went well;
   * `told(you)` notes what is known of oneself before the server says it to everybody;
   * `askConsent()` asks for the consent to be recorded.
   */
  constructor({ connection, run, told, askConsent }) {
    this.#connection = connection;
    this.#run = run;
    this.#told = told;
    this.#askConsent = askConsent;
    this.#microphone.addEventListener("lost", () => this.#reopen());
    this.#microphone.addEventListener("silenced", () => hint("microphone", silenced()));
    this.#microphone.addEventListener("sounding", () => hint("microphone", ""));
  }

  /** The open track, else `null`. */
  get track() {
    return this.#microphone.track;
  }

  /** The server's word counts: off stage the device is given back, muted it sends nothing. */
  follow(state) {
    this.#state = state;
    if (!isOnStage(state)) {
      if (this.track) this.#connection.send(null);
      this.close();
    } else if (this.#isBusy) {
      // The last word follows.
    } else if (this.track) {
      this.#microphone.isHeard = !state.you.muted;
    } else if (!state.you.muted) {
      // The page was reloaded while the microphone was open: it opens again by a click only.
      this.#tell("mic.mute", { muted: true });
    }
    this.#listenWhileMuted();
  }

  toggle() {
    if (this.#isHere) return this.want(!(this.#wanted ?? !this.#state.you.muted));
  }

  /** Be heard or not. What is wanted while the last wish is on its way comes after it. */
  async want(isHeard) {
    if (!this.#isHere) return;
    if (isHeard && !this.#state.you.recording_accepted) {
      this.#askConsent();
      return;
    }
    this.#wanted = isHeard;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#isHere && this.#wanted === this.#state.you.muted) {
        if (!(await (this.#wanted ? this.#unmute() : this.#mute()))) break;
      }
    } finally {
      this.#isBusy = false;
      this.#wanted = null;
      this.follow(this.#state);
    }
  }

  /** Go over to the device that was just chosen. */
  async change() {
    if (!this.track) return;
    await this.#connection.send(await this.#microphone.change());
    this.#stopListening();
    this.follow(this.#state);
  }

  close() {
    this.#stopListening();
    this.#microphone.close();
  }

  get #isHere() {
    return this.#state !== EMPTY && isOnStage(this.#state);
  }

  async #mute() {
    this.#microphone.isHeard = false;
    return this.#tell("mic.mute", { muted: true });
  }

  async #unmute() {
    try {
      await this.#connection.send(await this.#microphone.open());
      this.#microphone.isHeard = true;
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      toast(error.message, { isError: true });
      return false;
    }
    return this.#tell("mic.unmute", { muted: false });
  }

  async #tell(command, you) {
    if (!(await this.#run(command))) return false;
    this.#told(you);
    return true;
  }

  /** The device was unplugged or taken away: go on with another one, or say that there is none. */
  async #reopen() {
    this.#stopListening();
    if (!this.#isHere) return;
    try {
      const track = await this.#microphone.open();
      await this.#connection.send(track);
      toast(gettext("Your microphone went away. You go on with “%(name)s”.", { name: track.label }));
      this.follow(this.#state);
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      toast(error.message, { isError: true });
      if (!this.#state.you.muted) await this.#tell("mic.mute", { muted: true });
    }
  }

  #listenWhileMuted() {
    if (!this.track || !this.#state.you.muted || !isOnStage(this.#state)) {
      this.#stopListening();
    } else if (!this.#meter) {
      this.#meter = new Meter(this.track);
      this.#listening = setInterval(() => this.#listen(), LISTEN_MS);
    }
  }

  #listen() {
    this.#loudLooks = this.#meter.level > VOICE ? this.#loudLooks + 1 : 0;
    if (this.#loudLooks !== LOOKS) return;
    hint("muted", gettext("You are talking, and you are muted."));
    setTimeout(() => hint("muted", ""), HINT_MS);
  }

  #stopListening() {
    clearInterval(this.#listening);
    this.#meter?.close();
    this.#meter = null;
    this.#loudLooks = 0;
    hint("muted", "");
  }
}
