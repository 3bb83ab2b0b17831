/** Times as people read them. */

/** What is left, as minutes and seconds, e.g. `2:05`; `milliseconds` may be past zero. */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
