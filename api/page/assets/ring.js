// The routing table as a ring of buckets: a sector for each bucket, a place for each of its
// k contacts, and on the rim the contacts that wait for a place.

import { adviceFor, period } from './advice.js';
import { byId, copyButton, dataTable, el, keyed, say, set, svg } from './dom.js';
import { ago, counted, endpoint, shortID, time, took, visible } from './format.js';
import { get } from './node.js';

const inner = 66;
const outer = 168;
const rim = 181;
const labels = 197;
const quietAfter = 3600e3; // ms without a word of a contact, after which it is drawn as quiet
const gap = 0.035; // radians between sectors

/** How a contact is: failing, quiet or fresh. */
export function healthOf(contact, now) {
  if (contact.failing) return 'failing';
  return now - time(contact.last_seen) < quietAfter ? 'fresh' : 'quiet';
}

const words = { fresh: 'answered', quiet: 'not heard for an hour', failing: 'failing' };

/** All buckets from the farthest to the nearest that has contacts, those without too. */
function sectors(table) {
  const deepest = Math.max(-1, ...table.buckets.map((b) => b.prefix));
  const all = [];
  for (let prefix = 0; prefix <= deepest; prefix++) {
    all.push(table.buckets.find((b) => b.prefix === prefix) ?? { prefix, waiting: 0, contacts: [] });
  }
  return all;
}

/** The places of k contacts in a sector, at even distances in as few rows as their size lets. */
export function places(k, from, to) {
  for (let pitch = 30; pitch > 3; pitch -= 0.5) {
    for (let rows = 1; rows * pitch <= outer - inner; rows++) {
      const all = [];
      for (let row = 0; row < rows; row++) {
        const r = outer - (row + 0.5) * ((outer - inner) / rows);
        const room = Math.min(Math.floor(((to - from) * r) / pitch), k - all.length);
        for (let i = 0; i < room; i++) all.push([r, from + ((to - from) * (i + 0.5)) / room]);
      }
      if (all.length >= k) return { pitch, all };
    }
  }
  return { pitch: 3, all: [] };
}

const at = (r, angle) => [r * Math.sin(angle), -r * Math.cos(angle)].map((v) => v.toFixed(2));

function arc(r0, r1, from, to) {
  const large = to - from > Math.PI ? 1 : 0;
  return `M${at(r1, from)}A${r1} ${r1} 0 ${large} 1 ${at(r1, to)}L${at(r0, to)}A${r0} ${r0} 0 ${large} 0 ${at(r0, from)}Z`;
}

export function ring() {
  const parts = { sectors: svg('g'), slots: svg('g'), waiting: svg('g'), labels: svg('g', { 'aria-hidden': 'true' }), contacts: svg('g') };
  const size = svg('text', { class: 'big', y: 2 });
  const unit = svg('text', { class: 'small', y: 20 });
  const picture = svg('svg', { viewBox: '-212 -212 424 424', role: 'group', 'aria-label': 'Routing table' },
    Object.values(parts), svg('g', { 'aria-hidden': 'true' }, size, unit));
  byId('ring').append(picture);
  legend();
  const detail = contactDetail();
  let listed = [];
  let focused = '';

  picture.addEventListener('pointerover', (e) => detail.show(e.target.closest('[data-key]')?.contact));
  picture.addEventListener('pointerleave', () => detail.show(null));
  picture.addEventListener('click', (e) => detail.pin(e.target.closest('[data-key]')?.contact ?? null));
  // Not at the group: what of a drawing listens to the focus can have it.
  byId('ring').addEventListener('focusin', (e) => detail.show((focused = e.target.dataset.key) && e.target.contact));
  parts.contacts.addEventListener('keydown', (e) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    const marks = [...parts.contacts.children];
    const here = marks.indexOf(e.target);
    if (step && here >= 0) marks[(here + step + marks.length) % marks.length].focus();
    else if (e.key === 'Enter' || e.key === ' ') detail.pin(e.target.contact);
    else if (e.key === 'Escape') detail.pin(null);
    else return;
    e.preventDefault();
  });

  const list = contactTable();
  let owner = '';
  return (table) => {
    if (owner !== table.peer) {
      owner = table.peer;
      detail.forget();
    }
    const now = Date.now();
    const all = sectors(table);
    const step = (2 * Math.PI) / Math.max(1, all.length);
    const drawn = all.map((b, i) => {
      const from = i * step + gap / 2;
      const to = (i + 1) * step - gap / 2;
      return { ...b, from, to, ...places(table.k, from + gap, to - gap) };
    });
    drawSectors(parts, drawn, table.k);
    listed = drawn.flatMap((b) => b.contacts.map((c, i) => ({ ...c, bucket: b.prefix, place: b.all[i], size: Math.min(9, b.pitch * 0.36), health: healthOf(c, now) })));
    if (!listed.some((c) => c.peer === focused)) focused = listed[0]?.peer ?? '';
    drawContacts(parts.contacts, listed.filter((c) => c.place), now, focused);
    const failing = listed.filter((c) => c.health === 'failing').length;
    say(size, String(table.size));
    say(unit, table.size === 1 ? 'contact' : 'contacts');
    const waiting = table.buckets.reduce((sum, b) => sum + (b.waiting ?? 0), 0);
    set(picture, { 'aria-label': `Routing table: ${counted(table.size, 'contact')} in ${counted(table.buckets.length, 'bucket')}, ${failing} failing, ${waiting} waiting. Arrow keys go from contact to contact.` });
    detail.update(listed, now);
    list(listed, now);
  };
}

function drawSectors(parts, drawn, k) {
  keyed(parts.sectors, drawn, (b) => String(b.prefix), () => svg('path', { class: 'sector' }), (node, b) => set(node, { d: arc(inner - 4, outer + 4, b.from, b.to) }));
  const slots = drawn.flatMap((b) => b.all.slice(b.contacts.length, k).map((place, i) => ({ key: `${b.prefix}.${i}`, place })));
  keyed(parts.slots, slots, (s) => s.key, () => svg('circle', { class: 'slot', r: 1.5 }), (node, s) => {
    const [cx, cy] = at(...s.place);
    set(node, { cx, cy });
  });
  const waiting = drawn.flatMap((b) => Array.from({ length: b.waiting ?? 0 }, (_, i) => ({ key: `${b.prefix}.${i}`, angle: b.from + gap + ((b.to - b.from - 2 * gap) * (i + 0.5)) / b.waiting })));
  keyed(parts.waiting, waiting, (w) => w.key, () => svg('rect', { class: 'waiting', width: 6, height: 6, x: -3, y: -3 }), (node, w) => {
    set(node, { transform: `translate(${at(rim, w.angle)}) rotate(${((w.angle * 180) / Math.PI).toFixed(1)})` });
  });
  keyed(parts.labels, drawn, (b) => String(b.prefix), (b) => svg('text', { class: 'small' }, String(b.prefix)), (node, b) => {
    const [x, y] = at(labels, (b.from + b.to) / 2);
    set(node, { x, y: Number(y) + 4 });
  });
}

function drawContacts(parent, contacts, now, focused) {
  keyed(parent, contacts, (c) => c.peer, () => svg('g', { role: 'img' }, svg('path'), svg('title')), (node, c) => {
    node.contact = c;
    const [x, y] = at(...c.place);
    const s = c.size;
    const mark = c.health === 'failing'
      ? `M0 ${-s * 1.15}L${s * 1.15} 0L0 ${s * 1.15}L${-s * 1.15} 0Z`
      : `M${-s} 0a${s} ${s} 0 1 1 ${2 * s} 0a${s} ${s} 0 1 1 ${-2 * s} 0Z`;
    set(node, { class: `contact ${c.health}`, transform: `translate(${x} ${y})`, tabindex: c.peer === focused ? 0 : -1, 'aria-label': `${shortID(c.peer)}, bucket ${c.bucket}, ${describe(c, now)}` });
    set(node.firstChild, { d: mark });
    say(node.lastChild, `${c.peer}\n${describe(c, now)}`);
  });
}

function describe(c, now) {
  const seen = time(c.last_seen);
  const heard = Number.isNaN(seen) ? 'not heard since it took its place' : `heard ${ago(seen, now)}`;
  const failed = c.failing ? `, did not answer ${c.failures > 1 ? `the last ${c.failures} requests` : 'the last request'}` : '';
  return `${endpoint(c.address)}, ${c.rtt_ns ? `round trip ${took(c.rtt_ns / 1e6)}, ` : ''}${heard}${failed}`;
}

function legend() {
  const key = (name, text) => el('li', {}, svg('svg', { viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, name), text);
  byId('ring-legend').append(
    key(svg('g', { class: 'contact fresh' }, svg('circle', { r: 6 })), 'answered when last asked'),
    key(svg('g', { class: 'contact quiet' }, svg('circle', { r: 5.5 })), 'not heard for an hour'),
    key(svg('g', { class: 'contact failing' }, svg('path', { d: 'M0-7L7 0L0 7L-7 0Z' })), 'failing'),
    key(svg('rect', { class: 'waiting', x: -3, y: -3, width: 6, height: 6 }), 'waits for a place'),
    key(svg('circle', { class: 'slot', r: 2 }), 'free place'));
}

/** The line about one contact: the one pointed at, or the one that was chosen. */
function contactDetail() {
  const line = el('p');
  const answer = el('p', { class: 'soft', role: 'status' });
  const ask = el('button', { type: 'button' }, 'Ask for its protocols');
  const actions = el('p', { class: 'actions' }, ask);
  byId('contact').append(line, actions, answer);
  let pinned = null;
  let shown = null;
  const draw = (now = Date.now()) => {
    const c = shown ?? pinned;
    say(line, c ? `${shortID(c.peer)} in bucket ${c.bucket}: ${describe(c, now)}` : 'Point at a contact, or choose one, to see who it is.');
    set(line, { title: c?.peer });
    actions.hidden = pinned === null;
  };
  ask.addEventListener('click', async () => {
    const c = pinned;
    const tell = (text) => pinned?.peer === c.peer && say(answer, text); // another may be chosen meanwhile
    tell(`Asking ${shortID(c.peer)}.`);
    ask.disabled = true;
    try {
      const pong = await get(`/v1/peers/${encodeURIComponent(c.address)}/ping?protocols`, { method: 'POST' });
      const names = pong.protocols ?? [];
      tell(`${shortID(c.peer)} answered in ${took(pong.ms)} and handles ${names.length ? names.map(visible).join(', ') : 'no protocol'}${pong.more_protocols ? ' and others' : ''}.`);
    } catch (problem) {
      tell(`${period(problem.message)} ${adviceFor(problem)}`);
    }
    ask.disabled = false;
  });
  draw();
  return {
    show(c) {
      shown = c ?? null;
      draw();
    },
    pin(c) {
      if (pinned?.peer !== c?.peer) say(answer, '');
      pinned = c ?? null;
      actions.querySelector('.copy')?.remove();
      if (c) actions.append(copyButton(c.address, 'its address'));
      draw();
    },
    /** Forgets the contact: the table is another node's. */
    forget() {
      shown = null;
      this.pin(null);
    },
    update(listed, now) {
      const again = (c) => c && (listed.find((other) => other.peer === c.peer) ?? c);
      [pinned, shown] = [again(pinned), again(shown)];
      draw(now);
    },
  };
}

function contactTable() {
  const details = byId('table-list');
  let now = Date.now();
  const fill = dataTable(details.lastElementChild, 'Contacts of the routing table', 'The table is empty: no peer is known.', [
    { head: 'bucket', number: true, cell: (c) => String(c.bucket) },
    { head: 'peer', cell: (c) => shortID(c.peer), title: (c) => c.peer },
    { head: 'address', cell: (c) => endpoint(c.address), title: (c) => c.address },
    { head: 'state', cell: (c) => words[c.health] },
    { head: 'heard', number: true, cell: (c) => (Number.isNaN(time(c.last_seen)) ? '-' : ago(time(c.last_seen), now)) },
    { head: 'round trip', number: true, cell: (c) => (c.rtt_ns ? took(c.rtt_ns / 1e6) : '-') },
    { head: 'failures', number: true, cell: (c) => String(c.failures) },
  ], (c) => c.peer);
  let last = [];
  details.addEventListener('toggle', () => details.open && fill(last));
  return (listed, at) => {
    [last, now] = [listed, at];
    if (details.open) fill(listed);
  };
}
