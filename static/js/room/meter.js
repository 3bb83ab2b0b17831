/** How loud a microphone is, whether or not it is sent. */

const QUIET_DB = -55;
const LOUD_DB = -10;

export class Meter {
  #context = new AudioContext();
  #track;
  #analyser;
  #samples;

  /** Listens to a copy of the track: muting what is sent does not mute the meter. */
  constructor(track) {
    this.#track = track.clone();
    this.#track.enabled = true;
    this.#analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(this.stream).connect(this.#analyser);
    // Calls and power saving suspend it.
    this.#context.onstatechange = () => this.wake();
    this.wake();
  }

  get stream() {
    return new MediaStream([this.#track]);
  }

  /** The loudness right now: 0 is silence, 1 as loud as it should ever be. */
  get level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, each) => sum + each * each, 0) / this.#samples.length;
    const share = (10 * Math.log10(power + 1e-12) - QUIET_DB) / (LOUD_DB - QUIET_DB);
    return Math.min(1, Math.max(0, share));
  }

  /** Play recorded sound; resolves when it was heard to the end. */
  async play(recording) {
    const buffer = await this.#context.decodeAudioData(await recording.arrayBuffer());
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.start();
    await new Promise((resolve) => {
      source.onended = resolve;
    });
  }

  wake() {
    if (!["running", "closed"].includes(this.#context.state)) this.#context.resume().catch(() => {});
  }

  close() {
    this.#context.onstatechange = null;
    this.#context.close();
    this.#track.stop();
  }
}
