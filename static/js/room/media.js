/**
 * Sound in both directions over one RTCPeerConnection with one audio section, made anew whenever
 * it fails: "connected" means little, what counts is what arrives and is played (`health.js`).
 *
 * Events: `state`, when `isLive` may have changed; `doubt`: nothing arrives just now, or the device
 * slept, so the other side had better be asked.
 */

import { Health } from "./health.js";

const GATHER_MS = 1000;
const LOOK_MS = 500;
const FIRST_LOOKS_MS = 100;
const RETRY_MS = [0, 500, 1000, 2000, 4000, 8000];
/** People who lose the sound together should not all come back in the same instant. */
const SPREAD_MS = 500;

export class Media extends EventTarget {
  isLive = false;
  #playback;
  #exchange;
  #expectSound;
  #iceServers;
  #health = new Health();
  #peer = null;
  #sender = null;
  #track = null;
  #failures = 0;
  #retry;
  #look;
  #totals = {};
  #verdict = "well";
  #wasReplayed = false;

  /**
   * `playback` plays; `exchange(sdp)` resolves with the answer to an offer; `iceServers()` resolves
   * with what helps to get through; `expectSound()` says whether packets must be arriving right now.
   */
  constructor({ playback, exchange, iceServers, expectSound }) {
    super();
    this.#playback = playback;
    this.#exchange = exchange;
    this.#iceServers = iceServers;
    this.#expectSound = expectSound;
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
    this.#playback.show(new MediaStream([receiver.track]));
    peer.onconnectionstatechange = () => this.#changed(peer);
    this.#negotiate(peer).catch(() => this.#failed(peer));
  }

  /** The other side lost the sound; it loses everybody's at once when the engine restarts. */
  startSoon() {
    this.#drop();
    this.#retry = setTimeout(() => this.start(), Math.random() * SPREAD_MS);
  }

  /** The network may be another one, or time was lost: come back at once, or prove to be well. */
  doubt() {
    if (this.#retry) this.start();
    else this.#health.doubt(performance.now());
  }

  /** Send this track from now on, or nothing with `null`; no new offer is needed. */
  async send(track) {
    this.#track = track;
    await this.#sender?.replaceTrack(track);
  }

  stop() {
    this.#drop();
    this.#playback.stop();
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
      this.#check(peer);
    } else if (["disconnected", "failed", "closed"].includes(peer.connectionState)) {
      this.#failed(peer);
    }
  }

  async #check(peer) {
    clearTimeout(this.#look);
    const seen = await this.#measure(peer);
    if (peer !== this.#peer) return;
    this.#heed(this.#health.judge(seen), peer);
    if (peer !== this.#peer) return;
    // Where others talk it is live once they arrive, and not before.
    if (!this.isLive) this.#setLive(seen.packets > 0 || !seen.isExpected);
    if (seen.packets > 0 && this.#verdict === "well") this.#failures = 0;
    this.#look = setTimeout(() => this.#check(peer), this.isLive ? LOOK_MS : FIRST_LOOKS_MS);
  }

  async #measure(peer) {
    const stats = [...(await peer.getStats()).values()];
    const inbound = stats.find((entry) => entry.type === "inbound-rtp");
    return {
      now: performance.now(),
      packets: inbound?.packetsReceived ?? 0,
      samples: inbound?.totalSamplesReceived ?? 0,
      energy: inbound?.totalAudioEnergy ?? 0,
      isExpected: this.#expectSound(),
      isPlaying: this.#playback.isPlaying,
    };
  }

  #heed(verdict, peer) {
    const before = this.#verdict;
    this.#verdict = verdict;
    this.#playback.nudge();
    if (verdict === "gone" || verdict === "mute") {
      this.#failed(peer);
    } else if (verdict === "stuck") {
      if (this.#wasReplayed) this.#failed(peer);
      else this.#playback.replay();
      this.#wasReplayed = true;
    } else if (verdict === "asleep") {
      this.doubt();
    }
    if (verdict !== before && ["doubtful", "asleep"].includes(verdict)) {
      this.dispatchEvent(new Event("doubt"));
    }
  }

  #failed(peer) {
    if (peer !== this.#peer) return;
    this.#drop();
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.start(), wait);
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#look);
    this.#retry = undefined;
    this.#health.reset();
    this.#verdict = "well";
    this.#wasReplayed = false;
    if (this.#peer) this.#peer.onconnectionstatechange = null;
    this.#peer?.close();
    this.#peer = this.#sender = null;
    this.#setLive(false);
  }

  #setLive(isLive) {
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.dispatchEvent(new Event("state"));
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
