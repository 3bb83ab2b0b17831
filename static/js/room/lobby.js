/** The lobby tells what holds now, also to somebody who waits in it. */

import { gettext } from "../i18n.js";
import { clock } from "./clock.js";

const LOOK_AGAIN_MS = 10_000;
const isWaiting = () => document.body.dataset.connection === "idle" && !document.hidden;

let endsAt = 0;
let countdown = null;

/** Counts down while nobody runs the Space, and looks again until somebody does or it is over. */
export function followLobby() {
  readCountdown();
  setInterval(tick, 1000);
  setInterval(() => countdown && look(), LOOK_AGAIN_MS);
  document.addEventListener("visibilitychange", look);
}

/** By the server's own times: the clock of this device may be wrong. */
function readCountdown() {
  countdown = document.querySelector("[data-lobby-countdown]");
  if (!countdown) return;
  const { endsAt: end, now } = countdown.dataset;
  endsAt = performance.now() + Date.parse(end) - Date.parse(now);
  countdown.hidden = false;
  tick();
}

function tick() {
  if (!countdown || !isWaiting()) return;
  const time = clock(endsAt - performance.now());
  countdown.querySelector("span").textContent =
    "isHost" in countdown.dataset
      ? gettext("Go on stage within %(time)s, or the Space ends.", { time })
      : gettext("No host is here. The Space ends in %(time)s unless one comes.", { time });
}

async function look() {
  if (!isWaiting()) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || answer.status >= 500 || !isWaiting()) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".lobby__facts");
  if (!fresh) {
    location.reload(); // it is over, or one may not come in any more
    return;
  }
  document.querySelector(".lobby__facts").replaceWith(fresh);
  readCountdown();
}
