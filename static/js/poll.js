/**
 * `<div data-poll="/address/">` shows the fragment found there, and looks again while the
 * fragment says `data-pending`.
 */

const PAUSE_MS = 3000;

/** Progress moves without replacing the rest, in which somebody may be listening. */
function advance(place, fragment) {
  const fresh = fragment.querySelector("[data-progress]");
  if (fresh) place.querySelector("[data-progress]")?.replaceWith(fresh.cloneNode(true));
}

async function show(place) {
  try {
    const answer = await fetch(place.dataset.poll, { headers: { "X-Fragment": "1" } });
    if (answer.ok) {
      const fragment = document.createRange().createContextualFragment(await answer.text());
      advance(place, fragment);
      const isNews = fragment.textContent.trim() !== place.textContent.trim();
      if (isNews) place.replaceChildren(fragment);
    }
  } catch {
    // The network is away for a moment: the next look may find it again.
  }
  if (place.querySelector("[data-pending]")) setTimeout(() => show(place), PAUSE_MS);
}

document.querySelectorAll("[data-poll]").forEach(show);
