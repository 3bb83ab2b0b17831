/**
 * Django's JavaScript catalogue with named values: `gettext("Hello %(name)s", { name })`.
 * Without the catalogue (in unit tests) the English text itself is used.
 */

const fill = (text, values) =>
  text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));

export function gettext(text, values = {}) {
  return fill(globalThis.gettext?.(text) ?? text, values);
}

export function ngettext(one, many, count, values = {}) {
  const text = globalThis.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
  return fill(text, { count, ...values });
}
