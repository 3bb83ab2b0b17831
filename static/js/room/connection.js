/**
 * One thing to the rest of the page: the WebSocket and the sound together. It is `live` only
 * when both are.
 *
 * Events: `status` (detail: `{connection, text, isBlocked}`), `message` (as of `Wire`, and
 * `joined`), `closed` (as of `Wire`), `elsewhere` (the person is here already, in another tab or
 * device; `start({ takeOver: true })` moves them here).
 */

import { gettext } from "../i18n.js";
import { Media } from "./media.js";
import { Tab } from "./tab.js";
import { Wire } from "./wire.js";

const REJOIN_MS = 1000;

export class Connection extends EventTarget {
  #wire;
  #media;
  #tab = new Tab();
  #takeOver = "";
  #joined = deferred();
  #isJoined = false;
  #hasStarted = false;
  #wasLive = false;
  #isClosed = false;
  #isBlocked = false;
  #iceServers = [];
  #renewAt = 0;
  #rejoin;

  /** `path` of the WebSocket, the `audio` element, and whether sound must be arriving. */
  constructor({ path, audio, expectSound }) {
    super();
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#wire = new Wire(url.href);
    this.#media = new Media({
      audio,
      exchange: (sdp) => this.#exchange(sdp),
      iceServers: () => this.#freshServers(),
      // Without the WebSocket nobody knows who talks; the sound may well be fine.
      expectSound: () => this.#isJoined && expectSound(),
    });
    this.#listenToWire();
    this.#listenToMedia(audio);
    this.#listenToDevice();
  }

  get isClosed() {
    return this.#isClosed;
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

  play() {
    return this.#media.play();
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

  #listenToMedia(audio) {
    this.#media.addEventListener("state", ({ detail }) => {
      // Sound often dies first when the network changes.
      if (detail === "lost" && this.#isJoined) this.#wire.check();
      this.#tell();
    });
    this.#media.addEventListener("blocked", () => this.#block(true));
    this.#media.addEventListener("playing", () => this.#block(false));
    // A phone call or the system may pause what plays.
    audio.addEventListener("pause", () => this.#media.isLive && this.#block(true));
  }

  #listenToDevice() {
    addEventListener("online", () => this.#wire.hurry());
    addEventListener("offline", () => this.#isJoined && this.#wire.retry());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || !this.#hasStarted || this.#isClosed) return;
      this.#wire.check();
      this.#media.play();
    });
  }

  #block(isBlocked) {
    this.#isBlocked = isBlocked;
    this.#tell();
  }

  #tell() {
    const isLive = this.#isJoined && this.#media.isLive && !this.#isBlocked;
    this.#wasLive ||= isLive;
    this.#pass("status", {
      connection: this.#name(isLive),
      text: this.#text(),
      isBlocked: this.#isBlocked,
    });
  }

  #name(isLive) {
    if (this.#isClosed) return "closed";
    if (!this.#hasStarted) return "idle";
    if (isLive) return "live";
    return this.#wasLive ? "reconnecting" : "joining";
  }

  #text() {
    if (this.#isBlocked) return gettext("Your browser holds the sound back.");
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
