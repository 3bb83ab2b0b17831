/** The microphone: opened when first unmuted, kept while on stage so that unmuting is instant. */

import { gettext } from "../i18n.js";

const WANTED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Why there is no microphone; `message` is for people. */
export class MicrophoneError extends Error {}

export class Microphone {
  #track = null;
  #onLost;

  /** `onLost` is called when the device goes away while it was open. */
  constructor(onLost) {
    this.#onLost = onLost;
  }

  get track() {
    return this.#track;
  }

  /** Ask for the device if need be; resolves with the track, rejects with a `MicrophoneError`. */
  async open() {
    if (this.#track?.readyState !== "live") this.#track = await this.#ask();
    return this.#track;
  }

  /** Whether what is said goes out; a muted track sends silence. */
  set isHeard(isHeard) {
    if (this.#track) this.#track.enabled = isHeard;
  }

  /** Give the device back, so that the browser's recording sign goes away. */
  close() {
    if (!this.#track) return;
    this.#track.onended = null;
    this.#track.stop();
    this.#track = null;
  }

  async #ask() {
    if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError(insecure());
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: WANTED });
      const [track] = stream.getAudioTracks();
      track.onended = () => {
        this.#track = null;
        this.#onLost();
      };
      return track;
    } catch (error) {
      throw new MicrophoneError(reason(error.name));
    }
  }
}

function insecure() {
  return gettext("Browsers open a microphone only on a secure page: the address must begin with https.");
}

function reason(name) {
  switch (name) {
    case "NotAllowedError":
      return gettext(
        "The browser may not use your microphone. Allow it next to the page's address and try again.",
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return gettext("No microphone was found. Plug one in and try again.");
    case "NotReadableError":
    case "AbortError":
      return gettext("Another app is using your microphone. Close it there and try again.");
    case "SecurityError":
      return insecure();
    default:
      return gettext("The microphone could not be opened.");
  }
}
