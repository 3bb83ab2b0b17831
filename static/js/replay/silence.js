/** Where nobody says anything, so that it can be skipped. Pure. */

const QUIET = 95; // of 255, 4 a decibel: -40 dBFS
const SHORTEST_SECONDS = 1.5;
const LEFT_SECONDS = 0.4; // of a pause, on both sides: it is still one

/** Stretches of silence as [start, end] in seconds, from levels of `interval` seconds each. */
export function silences(levels, interval) {
  const found = [];
  let start = 0;
  for (let at = 0; at <= levels.length; at += 1) {
    if (at < levels.length && levels[at] < QUIET) continue;
    const seconds = (at - start) * interval;
    if (seconds >= SHORTEST_SECONDS) {
      found.push([start * interval + LEFT_SECONDS, at * interval - LEFT_SECONDS]);
    }
    start = at + 1;
  }
  return found;
}

/** Where to go on from `time`: its own value, or the end of the silence it lies in. */
export function afterSilence(silent, time) {
  const around = silent.find(([start, end]) => start <= time && time < end);
  return around ? around[1] : time;
}
