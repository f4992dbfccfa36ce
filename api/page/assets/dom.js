// Elements are made here only. Every text goes through text nodes and attributes, so that
// nothing that came from the network is ever markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

/** An HTML element. Children are nodes or texts; null is left out. */
export function el(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(svgNamespace, name), attributes, children);
}

function filled(node, attributes, children) {
  set(node, attributes);
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

/** Sets attributes; null and false take one away. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? '' : value);
  }
  return node;
}

/** Sets a node's text, and touches nothing if it has it. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  return node;
}

export const byId = (id) => document.getElementById(id);

/**
 * Makes a node's children those of the items, in their order: a child is kept as long as
 * its key is there, so that focus, selection and hovering survive an update.
 */
export function keyed(parent, items, keyOf, make, update) {
  const old = new Map();
  for (const child of [...parent.children]) old.set(child.dataset.key, child);
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let node = old.get(key);
    if (node) old.delete(key);
    else {
      node = make(item);
      node.dataset.key = key;
    }
    update?.(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  for (const child of old.values()) child.remove();
}

/** A button that copies a text, which its label names. */
export function copyButton(text, what) {
  const button = el('button', { type: 'button', class: 'copy', title: `Copy ${what}`, 'aria-label': `Copy ${what}` }, 'copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(button, 'copied');
    } catch {
      say(button, 'no');
    }
    setTimeout(() => say(button, 'copy'), 1500);
  });
  return button;
}

/** Calls draw with the width of a node, now and when it changes. */
export function onWidth(node, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(node.clientWidth);
    if (now > 0 && now !== width) draw((width = now));
  }).observe(node);
}

/**
 * A table from columns {head, cell(item), number, wide, stretch, title(item)} in a parent, kept
 * up to date by its update; a wide column is left out where there is little room, and one that
 * stretches has what the others leave. With no items it says what empty says.
 */
export function dataTable(parent, caption, empty, columns, keyOf) {
  set(parent, { tabindex: 0, role: 'group', 'aria-label': caption }); // it scrolls, by keys too
  const kind = (c) => [c.number && 'n', c.wide && 'wide', c.stretch && 'stretch'].filter(Boolean).join(' ') || null;
  const body = el('tbody');
  const table = el('table', { class: 'rows' },
    el('caption', { class: 'hidden' }, caption),
    el('thead', {}, el('tr', {}, columns.map((c) => el('th', { scope: 'col', class: kind(c) }, c.head)))),
    body);
  const none = el('p', { class: 'empty' }, empty);
  parent.append(table, none);
  return (items) => {
    table.hidden = items.length === 0;
    none.hidden = items.length > 0;
    keyed(body, items, keyOf,
      () => el('tr', {}, columns.map((c) => el('td', { class: kind(c) }))),
      (row, item) => columns.forEach((c, i) => {
        const cell = row.children[i];
        const content = c.cell(item);
        if (typeof content === 'string') say(cell, content);
        else if (cell.firstChild !== content) cell.replaceChildren(content);
        set(cell, { title: c.title?.(item) });
      }));
  };
}
