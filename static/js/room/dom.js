/** Building and reusing elements. Text only ever enters as text. */

const sprite = document.body.dataset.icons;
const SVG = "http://www.w3.org/2000/svg";

/** `element("p", {className: "x"}, "text", child)`. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** Say it only where it differs: a text put anew costs a layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for data attributes, which cost a look at the styles. */
export function setData(node, data) {
  for (const [name, value] of Object.entries(data)) {
    if (node.dataset[name] !== String(value)) node.dataset[name] = value;
  }
}

/**
 * Make the children of `parent` show `items`, each known by its `id`: what stays is kept, so that
 * focus and animation stay as well.
 */
export function renderList(parent, items, create, update) {
  const children = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(items.map((item) => item.id));
  for (const [key, child] of children) {
    if (!wanted.has(key)) child.remove();
  }
  items.forEach((item, index) => {
    const child = children.get(item.id) ?? create(item);
    setData(child, { key: item.id });
    update(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}
