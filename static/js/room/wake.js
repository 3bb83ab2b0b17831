/** Keeping the screen on, for as long as the person asks for it. */

import { gettext } from "../i18n.js";
import { toast } from "./toasts.js";

export function offerWakeLock() {
  const toggle = document.querySelector("[data-wake]");
  toggle.closest("[data-wake-row]").hidden = !navigator.wakeLock;
  let lock = null;

  async function follow() {
    if (!toggle.checked) {
      await lock?.release();
      lock = null;
    } else if (!document.hidden && (!lock || lock.released)) {
      try {
        lock = await navigator.wakeLock.request("screen");
      } catch {
        toggle.checked = false;
        toast(gettext("Your device does not let the page keep the screen on."), { isError: true });
      }
    }
  }

  toggle.addEventListener("change", follow);
  // Browsers take the lock back whenever the page is out of sight.
  document.addEventListener("visibilitychange", follow);
}
