/** Rules about sound, over measurements and the time (ms). No browser in sight. */

/** So long without a packet while others talk: the sound is gone. */
const GONE_MS = 2000;
/** So long, and it is worth asking whether the other side is still there. */
const DOUBT_MS = 1000;
/** So long do packets come of which nothing is played. */
const STUCK_MS = 2000;
/** So long is only silence played while others talk. */
const MUTE_MS = 4000;
/** A cure that did not help is not tried again for so long. */
const MUTE_AGAIN_MS = 30_000;
/** Two looks are half a second apart: after so long the device slept. */
const ASLEEP_MS = 5000;
/** Squares of samples, summed over a second: below -60 dBFS it is silence. */
const QUIET = 1e-6;

/** Judges one connection's sound, look after look. */
export class Health {
  #before = null;
  #isDoubted = false;
  #arrivedAt = 0;
  #playedAt = 0;
  #soundedAt = 0;
  #muteAt = -Infinity;

  /** Forget what was seen: the connection is a new one. */
  reset() {
    this.#before = null;
    this.#isDoubted = false;
  }

  /** Something happened to the network or the device: packets must prove soon that they come. */
  doubt(now) {
    this.#isDoubted = true;
    this.#arrivedAt = now;
  }

  /**
   * One look. `packets`, `samples` and `energy` are the running totals of what arrived, of what
   * was played and of its loudness (webrtc-stats: `packetsReceived`, `totalSamplesReceived`,
   * `totalAudioEnergy`); `isExpected`: others talk; `isPlaying`: the page wants to be heard.
   *
   * Returns `well`; `doubtful`: nothing came for a second; `gone`: nothing comes; `stuck`: it
   * comes and is not played; `mute`: what is played is silence; `asleep`: the device slept.
   */
  judge(seen) {
    const before = this.#before ?? seen;
    const { now } = seen;
    if (this.#before === null || now - before.now > ASLEEP_MS) this.#restart(now);
    this.#before = seen;
    if (now - before.now > ASLEEP_MS) return "asleep";
    this.#note(seen, before);
    if (now - this.#arrivedAt >= (this.#isDoubted ? DOUBT_MS : GONE_MS)) return "gone";
    if (now - this.#playedAt >= STUCK_MS) {
      this.#playedAt = now;
      return "stuck";
    }
    if (now - this.#soundedAt >= MUTE_MS && now - this.#muteAt >= MUTE_AGAIN_MS) {
      this.#muteAt = now;
      return "mute";
    }
    return now - this.#arrivedAt >= DOUBT_MS ? "doubtful" : "well";
  }

  #restart(now) {
    this.#arrivedAt = this.#playedAt = this.#soundedAt = now;
  }

  #note(seen, before) {
    const { now } = seen;
    const hasArrived = seen.packets > before.packets;
    if (hasArrived) this.#isDoubted = false;
    if (hasArrived || !(seen.isExpected || this.#isDoubted)) this.#arrivedAt = now;
    if (seen.samples > before.samples || !hasArrived || !seen.isPlaying) this.#playedAt = now;
    const quiet = (QUIET * (now - before.now)) / 1000;
    if (seen.energy - before.energy > quiet || !hasArrived || !seen.isExpected || !seen.isPlaying) {
      this.#soundedAt = now;
    }
  }
}

const WEAK = { loss: 0.08, trip: 700 };
const STRONG = { loss: 0.04, trip: 500 };

/** Whether `you.network` says that the connection is weak; it has to get well to be called strong. */
export function isWeak({ loss, round_trip_ms: trip }, wasWeak) {
  const limit = wasWeak ? STRONG : WEAK;
  return loss > limit.loss || (trip ?? 0) > limit.trip;
}
