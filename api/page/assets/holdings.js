// What the node publishes and holds, until when, and its tasks.

import { byId, dataTable, set, svg } from './dom.js';
import { bytes, count, counted, cut, keyOf, shortID, span, time, until } from './format.js';

const common = [
  { head: 'key', stretch: true, cell: (v) => cut(keyOf(v), 200) || '(empty)', title: (v) => keyOf(v) },
  { head: 'kind', wide: true, cell: (v) => v.kind + (v.copy ? ', copy' : '') },
];
// A provider counts its entries by the time: 19 digits that tell nobody anything.
const sequence = { head: 'sequence', number: true, wide: true, cell: (v) => (v.kind === 'record' ? count(v.sequence) : '-'), title: (v) => String(v.sequence) };
const size = { head: 'size', number: true, cell: (v) => (v.kind === 'record' ? bytes(v.bytes) : '-') };
const expires = { head: 'expires', number: true, cell: (v) => until(time(v.expires)), title: (v) => v.expires };
const identity = (v) => `${v.kind} ${v.key ?? v.key_base64}`;

export function holdings() {
  const published = dataTable(byId('published'), 'What this node publishes', 'This node publishes nothing. The form above puts a value; kad provide makes a node a provider.', [
    ...common, sequence, size, expires,
    { head: 'again', number: true, cell: (v) => until(time(v.due)), title: (v) => v.due },
  ], identity);
  const held = dataTable(byId('held'), 'What this node holds', 'This node holds nothing for others.', [
    ...common,
    { head: 'provider', cell: (v) => (v.provider ? shortID(v.provider) : '-'), title: (v) => v.provider },
    sequence, size, expires,
  ], (v) => `${identity(v)} ${v.provider ?? ''} ${v.sequence}`);
  return (publications, holding, stats) => {
    published(publications);
    held(holding);
    byId('published-count').textContent = stats.published > publications.length ? `${counted(stats.published, 'publication')}; the first ${count(publications.length)} by kind and key.` : '';
    const all = stats.records + stats.providers;
    byId('held-count').textContent = all === 0 ? '' : `${counted(stats.records, 'record')} and ${counted(stats.providers, 'provider entry').replace('entrys', 'entries')} in ${bytes(stats.bytes)} of memory${all > holding.length ? `; the ${count(holding.length)} that expire first` : ''}.`;
  };
}

export function tasks() {
  const bar = (t) => {
    t.bar ??= svg('svg', { class: 'due', viewBox: '0 0 80 8', 'aria-hidden': 'true' }, svg('rect', { width: 80, height: 8, rx: 2 }), svg('rect', { height: 8, rx: 2 }));
    return t.bar;
  };
  const bars = new Map();
  const fill = dataTable(byId('task-list'), 'Tasks of the node', 'The node has no task.', [
    { head: 'task', cell: (t) => t.name },
    { head: 'due', number: true, cell: (t) => (t.due ? until(time(t.due)) : 'no work'), title: (t) => t.due ?? 'not until something happens' },
    { head: '', cell: bar },
    { head: 'every', number: true, wide: true, cell: (t) => (t.interval_ns ? span(t.interval_ns / 1e9) : 'as work comes') },
    { head: 'runs', number: true, cell: (t) => count(t.runs) },
  ], (t) => t.name);
  return (all) => {
    for (const t of all) {
      t.bar = bars.get(t.name);
      bars.set(t.name, bar(t));
      const left = t.due ? Math.max(0, time(t.due) - Date.now()) : 0;
      const whole = Math.max(left, (t.interval_ns + t.jitter_ns) / 1e6);
      set(t.bar.lastChild, { width: whole > 0 ? Math.max(left > 0 ? 2 : 0, (80 * left) / whole) : 0 });
    }
    fill(all);
  };
}
