/**
 * Sound whose address has expired is asked for anew: the address of the page leads to a new one,
 * as long as one may hear it. For every player of the document.
 */

const PATIENCE_MS = 10_000; // what fails again at once is gone
const renewed = new WeakMap();

document.addEventListener(
  "error",
  ({ target }) => {
    const now = performance.now();
    // That of a <source> says only that the browser goes on to the next one.
    if (!(target instanceof HTMLAudioElement)) return;
    if (now - (renewed.get(target) ?? -Infinity) < PATIENCE_MS) return;
    renewed.set(target, now);
    const { currentTime, paused, playbackRate } = target;
    target.load();
    target.currentTime = currentTime;
    target.playbackRate = playbackRate;
    if (!paused) target.play().catch(() => {}); // then it is gone, and the player shows it
  },
  true, // errors do not bubble
);
