/** The sheet on which one tries the microphone: which device, how loud, and how it sounds. */

import { gettext } from "../i18n.js";
import { element } from "./dom.js";
import { Meter } from "./meter.js";
import {
  chooseDevice,
  chosenDevice,
  devices,
  Microphone,
  MicrophoneError,
  silenced,
} from "./microphone.js";

const SAMPLE_MS = 4000;

const find = (name) => document.querySelector(`[data-microphone-${name}]`);

export class MicrophoneCheck {
  #voice;
  #sheet = document.querySelector('[data-sheet="microphone"]');
  #own = new Microphone();
  #meter = null;
  #recorder = null;

  /** `voice` is one's own: while its microphone is open, that is the one to be tried. */
  constructor(voice) {
    this.#voice = voice;
    this.#sheet.addEventListener("close", () => this.#stop());
    find("device").addEventListener("change", ({ target }) => this.#choose(target.value));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#sheet.open && this.#list());
  }

  async open() {
    if (!this.#sheet.open) this.#sheet.showModal();
    await this.#start();
  }

  /** Record some words and play them. */
  async hear() {
    const button = document.querySelector('[data-action="microphone-hear"]');
    if (!this.#meter || this.#recorder) return;
    const label = button.textContent;
    button.setAttribute("aria-disabled", "true");
    try {
      button.textContent = gettext("Say something…");
      const words = await this.#record(this.#meter.stream);
      button.textContent = gettext("This is how you sound");
      await this.#meter?.play(words);
    } finally {
      button.textContent = label;
      button.removeAttribute("aria-disabled");
      this.#recorder = null;
    }
  }

  async #choose(device) {
    chooseDevice(device);
    try {
      await this.#voice.change();
    } catch (error) {
      this.#fail(error);
      return;
    }
    await this.#start();
  }

  async #start() {
    this.#stop();
    find("trouble").textContent = "";
    try {
      const track = this.#voice.track ?? (await this.#own.open());
      if (!this.#sheet.open) return this.#stop();
      this.#meter = new Meter(track);
      this.#draw(this.#meter);
      if (track.muted) find("trouble").textContent = silenced();
    } catch (error) {
      this.#fail(error);
    }
    await this.#list();
  }

  #fail(error) {
    if (!(error instanceof MicrophoneError)) throw error;
    find("trouble").textContent = error.message;
  }

  #draw(meter) {
    if (meter !== this.#meter) return;
    find("level").value = meter.level;
    requestAnimationFrame(() => this.#draw(meter));
  }

  async #list() {
    const found = await devices();
    const options = found.map(({ id, label }) => element("option", { value: id, textContent: label }));
    find("device").replaceChildren(...options);
    const current = (this.#voice.track ?? this.#own.track)?.getSettings().deviceId;
    find("device").value = current ?? chosenDevice();
    find("device").disabled = found.length < 2;
  }

  #record(stream) {
    return new Promise((resolve) => {
      const recorder = new MediaRecorder(stream);
      const parts = [];
      this.#recorder = recorder;
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = () => resolve(new Blob(parts, { type: recorder.mimeType }));
      recorder.start();
      setTimeout(() => recorder.state === "recording" && recorder.stop(), SAMPLE_MS);
    });
  }

  #stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    this.#meter?.close();
    this.#meter = null;
    this.#own.close();
    find("level").value = 0;
  }
}
