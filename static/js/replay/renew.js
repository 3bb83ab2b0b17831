/**
 * Sound whose address has expired is asked for anew: the address of the page leads to a new one,
 * as long as one may hear it. For every player of the document.
 */

const PATIENCE_MS = 10_000; // what fails again at once is gone
const renewed = new WeakMap();

document.addEventListener(
  "error",
  ({ target }) => {
    const audio = target.closest?.("audio");
    const now = performance.now();
    if (!audio || now - (renewed.get(audio) ?? -Infinity) < PATIENCE_MS) return;
    renewed.set(audio, now);
    const { currentTime, paused, playbackRate } = audio;
    audio.load();
    audio.currentTime = currentTime;
    audio.playbackRate = playbackRate;
    if (!paused) audio.play().catch(() => {}); // then it is gone, and the player shows it
  },
  true, // errors do not bubble
);
