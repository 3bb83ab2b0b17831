/**
 * The connection through which this tab speaks, remembered over a reload, so that a page that comes
 * back replaces itself without asking. It lies in the tab's storage only while no page is open: a
 * copy of the tab does not get it.
 */

const KEY = `connection in ${location.pathname}`;

export class Tab {
  /** As `join` named it last, else an empty string. */
  connection = sessionStorage.getItem(KEY) ?? "";

  constructor() {
    sessionStorage.removeItem(KEY);
    addEventListener("pagehide", () => sessionStorage.setItem(KEY, this.connection));
    addEventListener("pageshow", () => sessionStorage.removeItem(KEY));
  }
}
