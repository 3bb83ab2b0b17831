/**
 * One thing to the rest of the page: the WebSocket and the sound together. It is `live` only
 * when both are.
 *
 * Events: `status` (detail: `{connection, text, isSilent}`; silent until a tap, that is),
 * `message` (as of `Wire`, and `joined`), `closed` (as of `Wire`), `elsewhere` (the person is here
 * already, in another tab or device; `start({ takeOver: true })` moves them here).
 */

import { gettext } from "../i18n.js";
import { Media } from "./media.js";
import { Playback } from "./playback.js";
import { Tab } from "./tab.js";
import { Wire } from "./wire.js";

const REJOIN_MS = 1000;
/** Who was heard all the time answers at once; on a new network nobody does. */
const DOUBT_ANSWER_MS = 1200;
const DOUBT_AGAIN_MS = 2000;

export class Connection extends EventTarget {
  #wire;
  #media;
  #playback;
  #tab = new Tab();
  #takeOver = "";
  #joined = deferred();
  #isJoined = false;
  #hasStarted = false;
  #wasLive = false;
  #isClosed = false;
  #doubtedAt = -Infinity;
  #iceServers = [];
  #renewAt = 0;
  #rejoin;

  /** `path` of the WebSocket, the `audio` element, and whether sound must be arriving. */
  constructor({ path, audio, expectSound }) {
    super();
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#wire = new Wire(url.href);
    this.#playback = new Playback(audio);
    this.#media = new Media({
      playback: this.#playback,
      exchange: (sdp) => this.#exchange(sdp),
      iceServers: () => this.#freshServers(),
      // Without the WebSocket nobody knows who talks; the sound may well be fine.
      expectSound: () => this.#isJoined && expectSound(),
    });
    this.#listenToWire();
    this.#listenToSound();
    this.#listenToDevice();
  }

  get isClosed() {
    return this.#isClosed;
  }

  /** Whether what arrives is played. */
  get isPlaying() {
    return this.#playback.isPlaying;
  }

  /** Call it from the click: that is what lets the browser play sound. */
  start({ takeOver = false } = {}) {
    this.#takeOver = takeOver ? "any" : this.#tab.connection;
    this.#hasStarted = true;
    this.#isClosed = this.#wasLive = false;
    this.#wire.connect();
    this.#media.start();
    this.#tell();
  }

  command(type, data) {
    return this.#wire.command(type, data);
  }

  send(track) {
    return this.#media.send(track);
  }

  /** Be heard again, after a tap on what the page or the lock screen shows. */
  play() {
    return this.#playback.play();
  }

  /** Fall silent here, until `play`. */
  pause() {
    this.#playback.pause();
  }

  /** How loud it was since the last call (`Media.levels`). */
  levels() {
    return this.#media.levels();
  }

  stop() {
    clearTimeout(this.#rejoin);
    this.#isClosed = true;
    this.#isJoined = false;
    this.#joined = deferred();
    this.#wire.close();
    this.#media.stop();
    this.#tell();
  }

  async #exchange(sdp) {
    await this.#joined.promise;
    const { sdp: answer } = await this.#wire.command("media.offer", { sdp });
    return answer;
  }

  /** TURN servers whose credentials are good for a while still; joining renews them. */
  async #freshServers() {
    await this.#joined.promise;
    if (this.#iceServers.length && Date.now() > this.#renewAt) await this.#join();
    return this.#iceServers;
  }

  async #join() {
    try {
      const data = await this.#wire.command("join", this.#claim());
      this.#takeOver = this.#tab.connection = data.connection;
      this.#wire.beat(data.heartbeat_seconds);
      this.#iceServers = data.ice_servers;
      this.#renewAt = Date.now() + data.ice_servers_seconds * 500;
      this.#isJoined = true;
      this.#joined.resolve();
      if (this.#wasLive) this.#media.doubt();
      this.#pass("message", { type: "joined", data });
      this.#tell();
    } catch (error) {
      if (error.code === "already_here") this.#elsewhere();
      // Whoever may not join is told so by the close that follows; anything else passes.
      else this.#rejoin = setTimeout(() => this.#wire.retry(), REJOIN_MS);
    }
  }

  #claim() {
    return this.#takeOver ? { take_over: this.#takeOver } : {};
  }

  /** Whoever moved on while this page was offline is told so; whoever just came is asked. */
  #elsewhere() {
    const hasMoved = this.#wasLive;
    this.stop();
    if (hasMoved) {
      this.#pass("closed", { code: 4409, reason: "taken_over" });
    } else {
      this.#hasStarted = this.#isClosed = false;
      this.#tell();
      this.#pass("elsewhere");
    }
  }

  #listenToWire() {
    const wire = this.#wire;
    wire.addEventListener("open", () => this.#join());
    wire.addEventListener("message", ({ detail }) => {
      if (detail.type === "media.lost") this.#media.startSoon();
      else this.#pass("message", detail);
    });
    wire.addEventListener("lost", () => {
      clearTimeout(this.#rejoin);
      if (this.#isJoined) this.#joined = deferred();
      this.#isJoined = false;
      this.#tell();
    });
    wire.addEventListener("closed", ({ detail }) => {
      this.stop();
      this.#pass("closed", detail);
    });
  }

  #listenToSound() {
    this.#media.addEventListener("state", () => {
      // Sound often dies first when the network changes.
      if (!this.#media.isLive) this.#ask();
      this.#tell();
    });
    this.#media.addEventListener("doubt", () => this.#ask());
    this.#playback.addEventListener("change", () => this.#tell());
  }

  #listenToDevice() {
    const doubt = () => this.#doubt();
    addEventListener("online", doubt);
    addEventListener("offline", () => this.#isJoined && this.#wire.retry());
    addEventListener("pageshow", doubt);
    navigator.connection?.addEventListener("change", doubt);
    document.addEventListener("visibilitychange", () => document.hidden || doubt());
  }

  /** The network or the device is not what it was: both connections have to prove themselves. */
  #doubt() {
    if (!this.#hasStarted || this.#isClosed) return;
    this.#ask();
    this.#media.doubt();
    this.#playback.nudge();
  }

  /** Ask the server whether it still hears us; come back if it does not. */
  #ask() {
    if (!this.#isJoined) {
      this.#wire.hurry();
    } else if (performance.now() - this.#doubtedAt > DOUBT_AGAIN_MS) {
      this.#doubtedAt = performance.now();
      this.#wire.check(DOUBT_ANSWER_MS);
    }
  }

  #tell() {
    const isLive = this.#isJoined && this.#media.isLive && !this.#playback.trouble;
    this.#wasLive ||= isLive;
    this.#pass("status", {
      connection: this.#name(isLive),
      text: this.#text(),
      isSilent: this.#hasStarted && this.#playback.trouble !== "",
    });
  }

  #name(isLive) {
    if (this.#isClosed) return "closed";
    if (!this.#hasStarted) return "idle";
    if (isLive) return "live";
    return this.#wasLive ? "reconnecting" : "joining";
  }

  #text() {
    switch (this.#playback.trouble) {
      case "blocked":
        return gettext("Your browser holds the sound back.");
      case "interrupted":
        return gettext("Something took the sound away, a call perhaps. It comes back by itself.");
      case "paused":
        return gettext("You paused the sound.");
    }
    if (!navigator.onLine) return gettext("You are offline. The sound comes back with the network.");
    if (!this.#wasLive) return gettext("Connecting…");
    if (!this.#isJoined) return gettext("The connection is lost. Getting you back in…");
    return gettext("No sound right now. Bringing it back…");
  }

  #pass(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** A promise that is resolved from outside. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => {
    made.resolve = resolve;
  });
  return made;
}
