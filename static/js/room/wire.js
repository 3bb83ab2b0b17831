/**
 * The WebSocket of docs/websocket.md: commands as promises, the heartbeat, and coming back after
 * a lost connection.
 *
 * Events: `open`; `message` (detail: `{type, data}`); `lost` (it will come back by itself);
 * `closed` (detail: `{code, reason}`, where the reason is an error code; it will not).
 */

const PROTOCOL = "spaces.v1";
const ANSWER_MS = 10_000;
const BEAT_ANSWER_MS = 4000;
const RETRY_MS = [300, 1000, 2000, 4000, 8000, 15_000];
const FLOOD = 4429;
/** After these, trying again would only fail again. */
const FINAL = new Set([4400, 4401, 4403, 4404, 4409, 4410, 4413]);

/** A command was refused; `message` is for people. */
export class CommandError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Wire extends EventTarget {
  #url;
  #Socket;
  #socket = null;
  #waiting = new Map();
  #lastId = 0;
  #failures = 0;
  #lastError = "";
  #retry;
  #heartbeat;

  constructor(url, { Socket = globalThis.WebSocket } = {}) {
    super();
    this.#url = url;
    this.#Socket = Socket;
  }

  connect() {
    this.close();
    const socket = new this.#Socket(this.#url, PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.dispatchEvent(new Event("open"));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Send a command; resolves with the data of its reply, rejects with a `CommandError`. */
  command(type, data = {}, patience = ANSWER_MS) {
    if (this.#socket?.readyState !== this.#Socket.OPEN) {
      return Promise.reject(new CommandError("offline", ""));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, "reject", "timeout", ""), patience);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ type, id, data }));
    });
  }

  /** Beat every `seconds`; a beat without an answer means that the connection is gone. */
  beat(seconds) {
    this.#failures = 0;
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.check(), seconds * 1000);
  }

  /** Find out now whether the other side still answers, e.g. after the device slept. */
  async check(patience = BEAT_ANSWER_MS) {
    const socket = this.#socket;
    try {
      await this.command("ping", {}, patience);
    } catch (error) {
      const silent = error.code === "timeout" || error.code === "offline";
      if (silent && socket && socket === this.#socket) this.retry();
    }
  }

  /** Give this connection up and come back, later each time it fails. */
  retry() {
    this.close();
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    // Everybody loses the connection together when `web` restarts; they should not come together.
    this.#retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
    this.dispatchEvent(new Event("lost"));
  }

  /** Try again at once instead of waiting, e.g. when the network is back. */
  hurry() {
    if (this.#retry) this.connect();
  }

  close() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#drop();
  }

  #receive(message) {
    if (message.type === "reply") {
      this.#settle(message.id, "resolve", message.data);
    } else if (message.type === "error") {
      this.#lastError = message.code;
      this.#settle(message.id, "reject", message.code, message.message);
    } else {
      this.dispatchEvent(new CustomEvent("message", { detail: message }));
    }
  }

  #settle(id, outcome, first, second) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (outcome === "resolve") waiting.resolve(first ?? {});
    else waiting.reject(new CommandError(first, second));
  }

  #closed(code) {
    if (!FINAL.has(code)) {
      if (code === FLOOD) this.#failures = RETRY_MS.length;
      this.retry();
      return;
    }
    this.#drop();
    this.dispatchEvent(new CustomEvent("closed", { detail: { code, reason: this.#lastError } }));
  }

  #drop() {
    clearInterval(this.#heartbeat);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, "reject", "offline", "");
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
