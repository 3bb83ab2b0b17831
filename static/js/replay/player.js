/**
 * `<space-replay data-source="/spaces/…/replay.json">`: turns the plain player inside into one with
 * waveform, speeds, chapters and words. Without scripts the plain player is left.
 */

import { gettext } from "../i18n.js";
import { clock, decodeLevels } from "./data.js";
import "./renew.js";
import { afterSilence, silences } from "./silence.js";
import { Transcript } from "./transcript.js";
import { Waveform } from "./waveform.js";

const STEP = 15;

class SpaceReplay extends HTMLElement {
  async connectedCallback() {
    const answer = await fetch(this.dataset.source);
    if (answer.ok) this.#show(await answer.json());
  }

  #show(data) {
    this.data = data;
    this.audio = this.querySelector("audio");
    this.audio.controls = false;
    this.audio.hidden = true;
    this.append(this.querySelector("template").content.cloneNode(true));
    this.parts = Object.fromEntries(
      [...this.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]),
    );
    const levels = decodeLevels(data.levels);
    const lanes = data.lanes.map(({ name, levels: own }) => ({ name, levels: decodeLevels(own) }));
    this.silent = silences(levels, data.level_seconds);
    const missing = data.gaps.map(([start, length]) =>
      [start, start + length].map((second) => Math.min(1, second / data.seconds)),
    );
    this.waveform = new Waveform(this.parts.waveform, levels, lanes, missing);
    this.#legend(lanes);
    this.#chapters();
    this.#words();
    this.#controls();
    this.#render();
    const wanted = Number(new URLSearchParams(location.search).get("t"));
    if (wanted > 0) this.go(wanted, { andPlay: false });
  }

  /** Go to a second of the replay. */
  go(seconds, { andPlay = true } = {}) {
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.data.seconds);
    if (andPlay) this.#play();
    this.#render();
  }

  #play() {
    const { audio } = this;
    this.parts.said.textContent = "";
    if (audio.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) audio.load();
    audio.play().catch(() => {}); // what went wrong is told by #gone
  }

  /** No source has it (any more): say so, rather than play silence. */
  #gone({ target }) {
    // What began and broke off is asked for anew (renew.js); of the sources the last one counts.
    if (target !== this.audio.querySelector("source:last-of-type")) return;
    this.audio.pause();
    this.parts.said.textContent = gettext("The sound cannot be fetched. Perhaps it is gone.");
  }

  #controls() {
    const { audio, parts } = this;
    parts.play.addEventListener("click", () => (audio.paused ? this.#play() : audio.pause()));
    this.addEventListener("error", (event) => this.#gone(event), true); // errors do not bubble
    parts.back.addEventListener("click", () => this.go(audio.currentTime - STEP));
    parts.ahead.addEventListener("click", () => this.go(audio.currentTime + STEP));
    parts.seek.max = Math.ceil(this.data.seconds);
    parts.seek.addEventListener("input", () => this.go(Number(parts.seek.value), { andPlay: false }));
    parts.waveform.addEventListener("click", ({ offsetX }) =>
      this.go((this.data.seconds * offsetX) / parts.waveform.clientWidth),
    );
    parts.speed.addEventListener("change", () => {
      audio.playbackRate = Number(parts.speed.value);
      audio.preservesPitch = true;
    });
    parts.share.addEventListener("click", () => this.#share());
    for (const kind of ["timeupdate", "play", "pause", "ended", "seeked"]) {
      audio.addEventListener(kind, () => this.#render());
    }
    parts.clip?.addEventListener("click", () => {
      const form = this.parts["clip-form"];
      form.hidden = !form.hidden;
      form.elements.start.value = audio.currentTime.toFixed(1);
      this.parts["clip-start"].textContent = clock(audio.currentTime);
      if (!form.hidden) form.elements.title.focus();
    });
  }

  #render() {
    const { audio, parts, data } = this;
    const time = audio.currentTime;
    if (parts.silence.checked && !audio.paused) {
      const next = afterSilence(this.silent, time);
      if (next > time) audio.currentTime = next;
    }
    parts.play.textContent = audio.paused ? gettext("Play") : gettext("Pause");
    parts.time.textContent = `${clock(time)} / ${clock(data.seconds)}`;
    parts.seek.value = time;
    parts.seek.setAttribute("aria-valuetext", clock(time));
    this.waveform.played = time / data.seconds;
    this.transcript?.follow(time);
  }

  #legend(lanes) {
    if (lanes.length < 2) return;
    lanes.forEach(({ name }, lane) => {
      const entry = document.createElement("li");
      entry.className = `replay__voice replay__voice--${lane % 6}`;
      entry.textContent = name;
      this.parts.legend.append(entry);
    });
  }

  #chapters() {
    const { chapters } = this.data;
    this.parts["chapters-box"].hidden = chapters.length < 2;
    for (const { start, name } of chapters) {
      const place = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "replay__line";
      button.textContent = `${clock(start)} ${name}`;
      button.addEventListener("click", () => this.go(start));
      place.append(button);
      this.parts.chapters.append(place);
    }
  }

  #words() {
    const { parts, data } = this;
    parts["words-box"].hidden = !data.lines.length;
    if (!data.lines.length) return;
    this.transcript = new Transcript({
      list: parts.words,
      search: parts.search,
      found: parts.found,
      lines: data.lines,
      go: (seconds) => this.go(seconds),
    });
  }

  async #share() {
    const url = new URL(location.href);
    url.searchParams.set("t", Math.floor(this.audio.currentTime));
    try {
      if (navigator.share) await navigator.share({ title: document.title, url: url.href });
      else {
        await navigator.clipboard.writeText(url.href);
        this.parts.said.textContent = gettext("The link is copied.");
      }
    } catch (error) {
      if (error.name !== "AbortError") this.parts.said.textContent = url.href;
    }
  }
}

customElements.define("space-replay", SpaceReplay);
