/**
 * Sound in both directions over one RTCPeerConnection with one audio section, made anew whenever
 * it fails.
 *
 * Events: `state` (detail: `connecting`, `live`, `lost`), `blocked` (the browser wants a tap
 * before it plays), `playing`.
 */

const GATHER_MS = 1000;
const CHECK_MS = 1000;
const SILENT_CHECKS = 3;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
/** People who lose the sound together should not all come back in the same instant. */
const SPREAD_MS = 500;

export class Media extends EventTarget {
  #audio;
  #exchange;
  #expectSound;
  #iceServers;
  #peer = null;
  #sender = null;
  #track = null;
  #failures = 0;
  #retry;
  #checks;
  #packets = 0;
  #totals = {};
  #silent = 0;

  /**
   * `audio` is the element that plays; `exchange(sdp)` resolves with the answer to an offer;
   * `iceServers()` resolves with what helps to get through; `expectSound()` says whether packets
   * must be arriving right now.
   */
  constructor({ audio, exchange, iceServers, expectSound }) {
    super();
    this.#audio = audio;
    this.#exchange = exchange;
    this.#iceServers = iceServers;
    this.#expectSound = expectSound;
  }

  get isLive() {
    return this.#peer?.connectionState === "connected";
  }

  /** Begin, or begin anew. The first time inside the click: then the browser lets it play. */
  start() {
    this.#drop();
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    const { sender, receiver } = peer.addTransceiver(this.#track ?? "audio", {
      direction: "sendrecv",
    });
    this.#sender = sender;
    this.#audio.srcObject = new MediaStream([receiver.track]);
    this.play();
    peer.onconnectionstatechange = () => this.#changed(peer);
    this.#state("connecting");
    this.#negotiate(peer).catch(() => this.#failed(peer));
  }

  /** The other side lost the sound; it loses everybody's at once when the engine restarts. */
  startSoon() {
    this.#drop();
    this.#state("lost");
    this.#retry = setTimeout(() => this.start(), Math.random() * SPREAD_MS);
  }

  /** Ask the browser to play; call it again from the tap that `blocked` asked for. */
  async play() {
    try {
      await this.#audio.play();
      this.dispatchEvent(new Event("playing"));
    } catch (error) {
      if (error.name === "NotAllowedError") this.dispatchEvent(new Event("blocked"));
    }
  }

  /** Send this track from now on, or nothing with `null`; no new offer is needed. */
  async send(track) {
    this.#track = track;
    await this.#sender?.replaceTrack(track);
  }

  stop() {
    this.#drop();
    this.#audio.srcObject = null;
  }

  /** How loud it was since the last call: `{heard, own}`, the root mean squares of the samples. */
  async levels() {
    const stats = (await this.#peer?.getStats()) ?? new Map();
    return { heard: this.#loudness(stats, "inbound-rtp"), own: this.#loudness(stats, "media-source") };
  }

  /** From the running totals that browsers keep (webrtc-stats, `totalAudioEnergy`). */
  #loudness(stats, type) {
    const { totalAudioEnergy: energy = 0, totalSamplesDuration: duration = 0 } =
      [...stats.values()].find((entry) => entry.type === type) ?? {};
    const before = this.#totals[type] ?? { energy: 0, duration: 0 };
    this.#totals[type] = { energy, duration };
    if (duration <= before.duration || energy < before.energy) return 0;
    return Math.sqrt((energy - before.energy) / (duration - before.duration));
  }

  async #negotiate(peer) {
    const iceServers = await this.#iceServers();
    if (peer !== this.#peer) return;
    if (iceServers.length) peer.setConfiguration({ iceServers });
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const answer = await this.#exchange(peer.localDescription.sdp);
    if (peer === this.#peer) await peer.setRemoteDescription({ type: "answer", sdp: answer });
  }

  #changed(peer) {
    if (peer !== this.#peer) return;
    if (peer.connectionState === "connected") {
      this.#failures = 0;
      this.#silent = 0;
      clearInterval(this.#checks);
      this.#checks = setInterval(() => this.#check(peer), CHECK_MS);
      this.#state("live");
    } else if (["disconnected", "failed", "closed"].includes(peer.connectionState)) {
      this.#failed(peer);
    }
  }

  /** "Connected" means little: while others talk, packets must be arriving. */
  async #check(peer) {
    const before = this.#packets;
    const stats = await peer.getStats();
    for (const entry of stats.values()) {
      if (entry.type === "inbound-rtp") this.#packets = entry.packetsReceived;
    }
    this.#silent = this.#expectSound() && this.#packets === before ? this.#silent + 1 : 0;
    if (this.#silent >= SILENT_CHECKS) this.#failed(peer);
  }

  #failed(peer) {
    if (peer !== this.#peer) return;
    this.#drop();
    this.#state("lost");
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.start(), wait);
  }

  #drop() {
    clearTimeout(this.#retry);
    clearInterval(this.#checks);
    this.#packets = 0;
    this.#silent = 0;
    if (this.#peer) this.#peer.onconnectionstatechange = null;
    this.#peer?.close();
    this.#peer = this.#sender = null;
  }

  #state(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

/** Wait until the browser knows its addresses; nothing is sent after the offer. */
function gathered(peer) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    const look = () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    };
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}
