/**
 * The Join button, before the rest of the page is there: a tap is answered at once, and carried out
 * as soon as it can be. Nothing is imported here, nothing of the page has to be there yet, and the
 * rest is asked for from here, so that a slow phone on a slow network has this first.
 */

let wasTapped = false;
let join = () => {
  wasTapped = true;
  // Some browsers let only that element play which was asked to inside a tap.
  document.querySelector("[data-sound]")?.play().catch(() => {});
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest('[data-action="join"]');
  if (!button) return;
  button.disabled = true;
  document.body.dataset.connection = "joining";
  join();
});

/** From now on a tap runs `start`; so does one that came before. */
export function whenTapped(start) {
  join = start;
  if (wasTapped) start();
}

/** After what the eye needs: this waits for the style sheets. */
function fetchTheRest() {
  const { content } = document.querySelector("template[data-rest]");
  for (const script of content.querySelectorAll("script")) script.async = false; // in their order
  document.head.append(content);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", fetchTheRest);
else fetchTheRest();
