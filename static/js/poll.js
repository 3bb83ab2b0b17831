/**
 * `<div data-poll="/address/">` shows the fragment found there, and looks again while the
 * fragment says `data-pending`. Of fragments with the same blocks (`data-block`) only those that
 * differ from before are replaced: a player goes on playing while a download is put together.
 */

const PAUSE_MS = 3000;

async function show(place, before = new Map()) {
  let now = before;
  try {
    const answer = await fetch(place.dataset.poll, { headers: { "X-Fragment": "1" } });
    if (answer.ok) now = put(place, await answer.text(), before);
  } catch {
    // The network is away for a moment: the next look may find it again.
  }
  if (place.querySelector("[data-pending]")) setTimeout(() => show(place, now), PAUSE_MS);
}

/** Returns the blocks that are shown now: their names with their HTML. */
function put(place, html, before) {
  const fragment = document.createRange().createContextualFragment(html);
  const blocks = new Map([["", outline(fragment)]]);
  for (const block of fragment.querySelectorAll("[data-block]")) {
    blocks.set(block.dataset.block, withoutTokens(block.innerHTML));
  }
  if (blocks.get("") !== before.get("")) {
    place.replaceChildren(fragment);
    return blocks;
  }
  for (const [name, content] of blocks) {
    if (!name || content === before.get(name)) continue;
    const selector = `[data-block="${name}"]`;
    place.querySelector(selector).replaceWith(fragment.querySelector(selector));
  }
  return blocks;
}

/** What is around the blocks, and which there are. */
function outline(fragment) {
  const around = fragment.cloneNode(true);
  for (const block of around.querySelectorAll("[data-block]")) block.replaceChildren();
  return withoutTokens(new XMLSerializer().serializeToString(around));
}

/** Forms carry a token that is another one each time. */
const withoutTokens = (html) => html.replace(/(csrfmiddlewaretoken"[^>]*value=")[^"]*/g, "$1");

document.querySelectorAll("[data-poll]").forEach((place) => show(place));
