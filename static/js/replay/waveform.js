/** The shape of the sound, and a lane for each speaker. Decoration: the slider is for everybody. */

import { columns } from "./data.js";

const BAR = 3; // pixels of CSS, with the gap after it
const LANE = 14;

export class Waveform {
  #canvas;
  #levels;
  #lanes;
  #missing;
  #played = 0;

  /** `missing`: where nothing was recorded, as [start, end] in shares of the whole. */
  constructor(canvas, levels, lanes, missing) {
    this.#canvas = canvas;
    this.#missing = missing;
    this.#levels = levels;
    this.#lanes = lanes;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** How much has been played, from 0 to 1. */
  set played(share) {
    const before = Math.round(this.#played * this.#canvas.clientWidth);
    this.#played = share;
    if (Math.round(share * this.#canvas.clientWidth) !== before) this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width) return;
    const ratio = devicePixelRatio;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const pen = this.#canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(this.#canvas);
    const colour = (name) => style.getPropertyValue(name);
    const lanes = this.#lanes.length > 1 ? this.#lanes : [];
    const tall = height - lanes.length * LANE;
    const count = Math.floor(width / BAR);
    const isPlayed = (at) => at / count < this.#played;
    const bars = columns(this.#levels, count);
    pen.fillStyle = colour("--line");
    for (const [start, end] of this.#missing) {
      pen.fillRect(start * width, 0, Math.max(BAR, (end - start) * width), tall);
    }
    for (let at = 0; at < count; at += 1) {
      const size = Math.max(2, bars[at] * tall);
      pen.fillStyle = colour(isPlayed(at) ? "--accent" : "--line-strong");
      pen.fillRect(at * BAR, (tall - size) / 2, BAR - 1, size);
    }
    lanes.forEach(({ levels }, lane) => {
      const top = tall + lane * LANE;
      const talk = columns(levels, count);
      for (let at = 0; at < count; at += 1) {
        pen.fillStyle = colour(talk[at] > 0 ? `--lane-${lane % 6}` : "--line");
        pen.fillRect(at * BAR, top + (talk[at] > 0 ? 4 : 7), BAR, talk[at] > 0 ? 7 : 1);
      }
    });
  }
}
