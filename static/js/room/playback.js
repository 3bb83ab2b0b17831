/**
 * The audio element: what comes in is played, and if it is not, the page knows why.
 *
 * Events: `change`, when `trouble` did.
 */

export class Playback extends EventTarget {
  /** Empty; `blocked`: the browser wants a tap first; `interrupted`; `paused` by the person. */
  trouble = "";
  #audio;

  constructor(audio) {
    super();
    this.#audio = audio;
    // A phone call, another app or the system may pause what plays.
    audio.addEventListener("pause", () => {
      if (!audio.srcObject || this.trouble === "paused") return;
      this.#set("interrupted");
      this.play();
    });
    audio.addEventListener("playing", () => this.#set(""));
  }

  get isPlaying() {
    return this.trouble === "" && !this.#audio.paused;
  }

  /** Play this stream from now on; inside a click the first time. */
  show(stream) {
    this.#audio.srcObject = stream;
    if (this.trouble !== "paused") this.play();
  }

  /** Ask the browser to play, as the person wants it. */
  async play() {
    if (this.trouble === "paused") this.#set("");
    try {
      await this.#audio.play();
      this.#set("");
    } catch (error) {
      if (error.name === "NotAllowedError") this.#set("blocked");
    }
  }

  /** As the person wishes, until they say `play`. */
  pause() {
    this.#set("paused");
    this.#audio.pause();
  }

  /** Try again what the browser or a call prevented; nothing where all is well. */
  nudge() {
    if (this.#audio.srcObject && this.trouble !== "paused" && this.#audio.paused) this.play();
  }

  /** The element may have lost its way: give it its stream anew. */
  replay() {
    this.show(this.#audio.srcObject);
  }

  stop() {
    this.#audio.srcObject = null;
    this.#set("");
  }

  #set(trouble) {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}
