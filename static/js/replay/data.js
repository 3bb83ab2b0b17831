/** What the server says of a replay, decoded. Pure. */

/** Levels are bytes in Base64: 255 is full scale, 4 a decibel. */
export const decodeLevels = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

/** The loudest level of each of `count` equal parts, from 0 to 1, with the quiet half cut off. */
export function columns(levels, count) {
  const tops = new Float32Array(count);
  for (let at = 0; at < count; at += 1) {
    const from = Math.floor((at * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((at + 1) * levels.length) / count));
    let top = 0;
    for (let i = from; i < to && i < levels.length; i += 1) top = Math.max(top, levels[i]);
    tops[at] = Math.max(0, (top - 55) / 200); // -50 dBFS and less is nothing to see
  }
  return tops;
}

/** The stretch that `time` lies in, or the last one before it; -1 before the first. */
export function current(stretches, time) {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle].start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** `1:02:03`, or `4:05` under an hour. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Letters as one types them when searching: no accents, no capitals. */
export const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
