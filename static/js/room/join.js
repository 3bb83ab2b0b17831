/**
 * The Join button, before the rest of the page is there: a tap is answered at once, and carried out
 * as soon as it can be. Nothing is imported here, and the rest is asked for from here, so that a
 * slow phone on a slow network has this first.
 */

const button = document.querySelector('[data-action="join"]');
let wasTapped = false;
let join = () => {
  wasTapped = true;
  // Some browsers let only that element play which was asked to inside a tap.
  document.querySelector("[data-sound]").play().catch(() => {});
};

button.addEventListener("click", () => {
  button.disabled = true;
  document.body.dataset.connection = "joining";
  join();
});

/** From now on a tap runs `start`; so does one that came before. */
export function whenTapped(start) {
  join = start;
  if (wasTapped) start();
}

const { content } = document.querySelector("template[data-rest]");
for (const script of content.querySelectorAll("script")) script.async = false; // in their order
document.head.append(content);
