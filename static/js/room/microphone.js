/**
 * The microphone: opened when first unmuted, kept while on stage so that unmuting is instant.
 *
 * Events: `lost`, when the device went away while it was open; `silenced` and `sounding`: a switch
 * on the device, the system or a call keeps it silent, and not any more.
 */

import { gettext } from "../i18n.js";
import { recall, remember } from "./memory.js";

const WANTED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Why there is no microphone; `message` is for people. */
export class MicrophoneError extends Error {}

export class Microphone extends EventTarget {
  #track = null;

  get track() {
    return this.#track;
  }

  /** Ask for the device if need be; resolves with the track, rejects with a `MicrophoneError`. */
  async open() {
    if (this.#track?.readyState !== "live") this.#keep(await ask(chosenDevice()));
    return this.#track;
  }

  /** Go over to the chosen device while open; resolves with the track. */
  async change() {
    const track = await ask(chosenDevice());
    track.enabled = this.#track?.enabled ?? true;
    this.close();
    this.#keep(track);
    return track;
  }

  /** Whether what is said goes out; a muted track sends silence. */
  set isHeard(isHeard) {
    if (this.#track) this.#track.enabled = isHeard;
  }

  /** Give the device back, so that the browser's recording sign goes away. */
  close() {
    if (!this.#track) return;
    this.#track.onended = this.#track.onmute = this.#track.onunmute = null;
    this.#track.stop();
    this.#track = null;
    this.dispatchEvent(new Event("sounding"));
  }

  #keep(track) {
    this.#track = track;
    track.onended = () => {
      this.close();
      this.dispatchEvent(new Event("lost"));
    };
    track.onmute = () => this.dispatchEvent(new Event("silenced"));
    track.onunmute = () => this.dispatchEvent(new Event("sounding"));
    if (track.muted) track.onmute();
  }
}

/** The device that the person chose, by its id; empty for that of the system. */
export const chosenDevice = () => recall("microphone", "");

export const chooseDevice = (id) => remember("microphone", id);

/** The microphones as `[{id, label}]`. Browsers name them only once one was open. */
export async function devices() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter(({ kind, deviceId }) => kind === "audioinput" && deviceId)
    .map(({ deviceId, label }, index) => ({
      id: deviceId,
      label: label || gettext("Microphone %(number)s", { number: index + 1 }),
    }));
}

/** What a muted track means, in words. */
export const silenced = () =>
  gettext("Your device keeps the microphone silent: a switch on it, or a call.");

async function ask(device) {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError(insecure());
  const audio = device ? { ...WANTED, deviceId: { exact: device } } : WANTED;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    return stream.getAudioTracks()[0];
  } catch (error) {
    // A device that is not there any more gives way to that of the system.
    const isGone = ["OverconstrainedError", "NotFoundError"].includes(error.name);
    if (device && isGone) return ask("");
    throw new MicrophoneError(reason(error));
  }
}

function insecure() {
  return gettext("Browsers open a microphone only on a secure page: the address must begin with https.");
}

function reason({ name, message }) {
  switch (name) {
    case "NotAllowedError":
      if (/system/i.test(message)) {
        return gettext(
          "Your device does not let this browser use the microphone. Allow it in the settings of the device and try again.",
        );
      }
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
