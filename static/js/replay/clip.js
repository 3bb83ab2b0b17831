/** The page of a clip: plays its stretch of the replay, and stops at its end. */

import "./renew.js";

const player = document.querySelector("[data-clip]");
const { begin, end } = player.dataset;

player.addEventListener("timeupdate", () => {
  if (player.currentTime >= Number(end)) {
    player.pause();
    player.currentTime = Number(begin);
  }
});
player.addEventListener("seeking", () => {
  const isWithin = player.currentTime >= begin - 0.5 && player.currentTime <= Number(end) + 0.5;
  if (!isWithin) player.currentTime = Number(begin);
});
