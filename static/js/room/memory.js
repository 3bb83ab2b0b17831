/** What the browser remembers for one person; without a memory it is the default each time. */

export function recall(name, fallback) {
  try {
    return localStorage.getItem(name) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage is full or forbidden: it holds until the page is closed.
  }
}
