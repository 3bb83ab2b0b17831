/** Counting reactions; pure. */

/** At most `most` of the emoji in `counts`, each about as often as its share, every kind once. */
export function sample(counts, most) {
  const entries = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const share = Math.min(1, most / total);
  return entries
    .slice(0, Math.max(0, most))
    .flatMap(([emoji, count]) => Array(Math.max(1, Math.floor(count * share))).fill(emoji))
    .slice(0, Math.max(0, most));
}

/** The sums of `minutes` (docs/websocket.md) by kind: `[[kind, count], ...]`, the most first. */
export function totals(minutes) {
  const sums = {};
  for (const { counts } of minutes) {
    for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
  }
  return Object.entries(sums).sort(([, one], [, other]) => other - one);
}
