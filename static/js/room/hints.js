/** One quiet line above the controls: what is so right now, the most pressing thing alone. */

const ORDER = ["microphone", "locked", "muted", "blocked", "network"];
const hints = new Map();

/** Say `text` for as long as it is so; take it back with an empty one. */
export function hint(name, text) {
  hints.set(name, text);
  const first = ORDER.map((each) => hints.get(each)).find(Boolean) ?? "";
  const line = document.querySelector("[data-hint]");
  if (line.textContent !== first) line.textContent = first;
}
