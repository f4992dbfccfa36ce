// Which node the page shows, of a process that runs several.

import { byId, el } from './dom.js';
import { shortID } from './format.js';
import { chooseNode, chosenNode, get } from './node.js';

/**
 * Lets one of several nodes be chosen, and calls changed then. What it returns asks once
 * which there are; a choice in the address that is none of them becomes the first.
 */
export function nodeChoice(changed) {
  const select = byId('node');
  let known = false;
  select.addEventListener('change', () => {
    chooseNode(Number(select.value));
    changed();
  });
  return async (signal) => {
    if (known) return;
    const all = await get('/v1/nodes', { signal });
    known = true;
    if (chosenNode() >= all.length) chooseNode(0);
    select.replaceChildren(...all.map((n) => el('option', { value: n.node }, `${n.node}: ${shortID(n.peer)}`)));
    select.value = String(chosenNode());
    byId('node-choice').hidden = all.length < 2;
  };
}
