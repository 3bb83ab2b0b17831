/**
 * Rings around those who talk, as wide as the sound is loud.
 *
 * A look at the levels every so often sets how wide a ring should be; the way there is a CSS
 * transition of `transform`, which the compositor moves at the pace of the screen, without layout.
 * What is heard is one mix, so whoever talks at the same time moves alike.
 */

const LOOK_MS = 150; // the transition in people.css takes as long
const QUIET_DB = -50;
const LOUD_DB = -12;
const STEPS = 12;

/** From the root mean square of samples (0 to 1) to what an ear makes of it, 0 to 1; pure. */
export function loudness(rms) {
  if (!(rms > 0)) return 0;
  const share = (20 * Math.log10(rms) - QUIET_DB) / (LOUD_DB - QUIET_DB);
  return Math.round(Math.min(1, Math.max(0, share)) * STEPS) / STEPS;
}

export class Rings {
  #levels;
  #rings = [];
  #timer;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** `levels()` resolves with `{heard, own}`, each a root mean square of samples. */
  constructor(levels) {
    this.#levels = levels;
    document.addEventListener("visibilitychange", () => this.#run());
  }

  /** Move these rings from now on, others no more: `[{element, isOwn}]`. */
  follow(rings) {
    const kept = new Set(rings.map(({ element }) => element));
    for (const { element } of this.#rings) {
      if (!kept.has(element)) element.style.transform = "";
    }
    this.#rings = rings;
    this.#run();
  }

  #run() {
    const moves = this.#rings.length > 0 && !document.hidden && !this.#calm.matches;
    if (!moves) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    }
  }

  async #look() {
    const { heard, own } = await this.#levels();
    for (const { element, isOwn } of this.#rings) {
      const scale = `scale(${(1 + 0.4 * loudness(isOwn ? own : heard)).toFixed(3)})`;
      if (element.style.transform !== scale) element.style.transform = scale;
    }
  }
}
