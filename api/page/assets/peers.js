// Everybody whom the node knows: its table, its sessions, and whom it met lately. They are
// asked for while the list is open only.

import { byId, dataTable } from './dom.js';
import { ago, cut, endpoint, shortID, time, took, visible } from './format.js';
import { get } from './node.js';

const most = 500; // rows shown

function stateOf(p) {
  const words = [p.left ? 'has left' : p.failing ? 'failing' : p.answered ? 'has answered' : 'not heard'];
  if (p.in_table) words.push('in the table');
  if (p.session) words.push('session');
  if (!p.serves) words.push('client');
  return words.join(', ');
}

const noted = (p) => Object.keys({ ...p.notes, ...p.notes_base64 }).sort().map(visible).join(', ');

export function peers() {
  const details = byId('peer-list');
  const fill = dataTable(details.lastElementChild, 'Everybody whom the node knows, nearest first', 'The node knows nobody.', [
    { head: 'peer', cell: (p) => shortID(p.peer), title: (p) => p.peer },
    { head: 'address', cell: (p) => endpoint(p.addresses[0]?.address), title: (p) => p.addresses.map((a) => a.address).join('\n') },
    { head: 'state', cell: stateOf },
    { head: 'answered', number: true, cell: (p) => (p.answered ? ago(time(p.answered)) : '-') },
    { head: 'round trip', number: true, cell: (p) => (p.rtt_ms ? took(p.rtt_ms) : '-') },
    { head: 'protocols', cell: (p) => cut((p.protocols ?? []).map(visible).join(', '), 60) || '-', title: (p) => p.protocols?.map(visible).join('\n') },
    { head: 'notes', cell: (p) => cut(noted(p), 40) || '-' },
  ], (p) => p.peer);
  const look = async (signal) => {
    if (details.open) fill((await get('/v1/peers', { signal })).slice(0, most));
  };
  details.addEventListener('toggle', () => look().catch(() => {})); // the page's next look says what is wrong
  return look;
}
