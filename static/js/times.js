/**
 * Times as their reader has them: `<time datetime="..." data-time="full">` in the reader's own zone,
 * `data-time="ago"` seen from now. What the server wrote stands where no script runs.
 */

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 minutes ago" in this language; `moment` and `now` in milliseconds; pure. */
export function ago(moment, now, language) {
  const seconds = Math.min(0, moment - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => -seconds >= size) ?? UNITS.at(-1);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return words.format(Math.trunc(seconds / size), unit);
}

/** The moment with its date, in the reader's zone; pure. */
export function full(moment, language) {
  const words = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
  return words.format(moment);
}

export function tellTimes(page, now = Date.now()) {
  const language = page.documentElement.lang;
  for (const time of page.querySelectorAll("time[data-time]")) {
    const moment = Date.parse(time.dateTime);
    time.textContent =
      time.dataset.time === "ago" ? ago(moment, now, language) : full(moment, language);
  }
}
