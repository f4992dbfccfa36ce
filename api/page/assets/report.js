// A recorded report of kad sim or kad bench: its distributions, its series, its tables and
// its traced lookup.

import { byId, dataTable, el, say, svg } from './dom.js';
import { chart, numberTicks } from './chart.js';
import { brief, bytes, count, cut, span, took, visible } from './format.js';
import { get } from './node.js';
import * as trace from './trace.js';

const maxSize = 64 << 20; // bytes of a file that are read

const distributions = [
  { field: 'hops', title: 'Hops', unit: brief },
  { field: 'first_replica_hops', title: 'Hops of the first replica', unit: brief },
  { field: 'rounds', title: 'Rounds', unit: brief },
  { field: 'rounds_after_closest', title: 'Rounds after the closest node', unit: brief },
  { field: 'rpcs', title: 'Requests', unit: brief },
  { field: 'latency_ms', title: 'Latency', unit: took },
  { field: 'bytes', title: 'Bytes', unit: bytes },
];

/** The reports in a text: one, or those of a sweep. Throws with what is wrong. */
export function parse(text) {
  let whole;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new Error('The file is no JSON. Write the report with --json.');
  }
  const all = Array.isArray(whole?.sweep) ? whole.sweep : [whole];
  if (!all.length || !all.every(isReport)) throw new Error('The file is JSON, but no report of kad sim or kad bench.');
  return all;
}

const isNumber = (v) => typeof v === 'number' && Number.isFinite(v);
const isList = (v, of) => v === undefined || v === null || (Array.isArray(v) && v.every(of));

function isReport(r) {
  return (r?.kind === 'sim' || r?.kind === 'bench') && typeof r.config === 'object' && r.config !== null && isNumber(r.lookups) && isNumber(r.succeeded) &&
    distributions.every(({ field }) => isNumber(r[field]?.mean) && Array.isArray(r[field].histogram) && r[field].histogram.every((b) => isNumber(b?.value) && isNumber(b?.count))) &&
    isList(r.series, (s) => isNumber(s?.start) && isNumber(s.nodes_up) && isNumber(s.lookups) && isNumber(s.succeeded)) &&
    isList(r.buckets, (b) => isNumber(b?.prefix) && isNumber(b.contacts) && isNumber(b.dead) && isNumber(b.waiting)) &&
    (!r.trace || (isNumber(r.trace.end_ms) && Array.isArray(r.trace.requests) && r.trace.requests.every((q) => isNumber(q?.asked_ms) && isNumber(q.end_ms) && isNumber(q.distance))));
}

/** Lets a report be dropped and chosen; served by kad view, it is fetched. */
export function report(fetched) {
  const drop = byId('drop');
  const open = async (file) => {
    try {
      if (file.size > maxSize) throw new Error(`The file has ${bytes(file.size)}; no report has more than ${bytes(maxSize)}.`);
      show(parse(await file.text()), file.name);
    } catch (problem) {
      fail(problem);
    }
  };
  byId('file').addEventListener('change', (e) => e.target.files[0] && open(e.target.files[0]));
  addEventListener('dragover', (e) => {
    e.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', () => drop.classList.remove('over'));
  addEventListener('drop', (e) => {
    e.preventDefault();
    drop.classList.remove('over');
    if (e.dataTransfer.files[0]) open(e.dataTransfer.files[0]);
  });
  if (fetched) get('/report.json').then((r) => show(parse(JSON.stringify(r)), '')).catch(fail);
}

function fail(problem) {
  byId('report').replaceChildren();
  say(byId('report-problem'), problem.message);
}

function show(all, name) {
  say(byId('report-problem'), '');
  const body = el('div');
  const parts = [];
  if (all.length > 1) {
    const choice = el('select', { 'aria-label': 'Which report of the sweep' }, all.map((r, i) => el('option', { value: i }, `${i + 1}: ${title(r)}`)));
    choice.addEventListener('change', () => draw(body, all[Number(choice.value)]));
    parts.push(choice);
  }
  byId('report').replaceChildren(el('p', { class: 'soft' }, visible(cut(name, 80))), ...parts, body);
  draw(body, all[0]);
}

const title = (r) => `${r.kind === 'sim' ? 'simulation' : 'measurement'} of ${count(r.config.nodes)} nodes, ${count(r.lookups)} lookups`;

function draw(body, r) {
  const settings = Object.entries(r.config).filter(([, v]) => v !== 0 && v !== '' && v !== null).map(([k, v]) => `${visible(k)} ${visible(String(v))}`).join(', ');
  const facts = el('dl', { class: 'figures' });
  const all = [
    ['lookups', count(r.lookups)],
    ['succeeded', r.lookups ? `${((100 * r.succeeded) / r.lookups).toFixed(2)} %` : '-'],
    ['recall', r.recall_of ? brief(r.recall) : 'not known'],
    ['mean hops', brief(r.hops.mean)],
    ['mean requests', brief(r.rpcs.mean)],
    ['median latency', took(r.latency_ms.p50)],
    ['nodes up', brief(r.nodes_up ?? 0)],
    [r.kind === 'sim' ? 'virtual time' : 'time', span(r.virtual_seconds ?? 0)],
  ];
  facts.append(...all.map(([k, v]) => el('div', {}, el('dt', {}, k), el('dd', {}, v))));
  const charts = el('div', { class: 'charts' });
  body.replaceChildren(el('h3', {}, `${title(r)}${r.partial ? ', interrupted' : ''}`), el('p', { class: 'about' }, settings), facts, charts);
  for (const d of distributions) distribution(charts, d, r[d.field]);
  if (r.series?.length) series(body, r);
  if (r.buckets?.length) buckets(body, r);
  if (r.trace?.requests.length) traced(body, r.trace);
}

/** The share of lookups up to a value, with the mean and percentiles beside it. */
function distribution(parent, { title, unit }, d) {
  const total = d.histogram.reduce((n, b) => n + b.count, 0);
  const figure = el('div');
  parent.append(figure);
  let below = 0;
  const points = d.histogram.map((b) => ({ x: b.value, values: [b.count / total, (below += b.count) / total] }));
  const whole = d.histogram.every((b) => Number.isInteger(b.value)) && d.max < 60; // hops, rounds
  const shown = chart(figure, { title, unit: (v) => `${(100 * v).toFixed(1)} %`, tick: (v) => `${Math.round(100 * v)} %`, x: unit, xHead: 'value', share: true, steps: true,
    empty: 'No lookup was counted.', from: () => 0, to: () => d.max + Math.max(d.max * 0.04, whole ? 0.6 : 0), xTicks: (from, to, wanted) => numberTicks(from, to, wanted).map((t) => ({ at: t.at, text: unit(t.at) })) });
  const lines = [{ name: 'of this', mark: 'second', bars: true }, { name: 'up to this', mark: 'first' }];
  shown(points.length ? lines : [], points.length ? points : []);
  if (points.length) figure.insertBefore(el('p', { class: 'about' }, `mean ${unit(d.mean)}, p50 ${unit(d.p50)}, p90 ${unit(d.p90)}, p99 ${unit(d.p99)}, max ${unit(d.max)}`), figure.children[1]);
}

function series(parent, r) {
  const charts = el('div', { class: 'charts' });
  parent.append(el('h3', {}, 'The run'), charts);
  const common = { x: (s) => `after ${span(s)}`, xHead: 'after', empty: 'Nothing was recorded.', from: () => 0,
    xTicks: (from, to, wanted) => numberTicks(from / unitOf(to), to / unitOf(to), wanted).map((t) => ({ at: t.at * unitOf(to), text: `${t.text} ${unitOf(to) === 3600 ? 'h' : unitOf(to) === 60 ? 'min' : 's'}` })) };
  const one = (title, unit, tick, value, more) => {
    const figure = el('div');
    charts.append(figure);
    chart(figure, { ...common, title, unit, tick, ...more })([{ name: 'mean', mark: 'first' }], r.series.map((s) => ({ x: s.start, values: [value(s)] })));
  };
  one('Nodes up', brief, brief, (s) => s.nodes_up);
  one('Lookups that succeeded', (v) => `${(100 * v).toFixed(2)} %`, (v) => `${Math.round(100 * v)} %`, (s) => (s.lookups ? s.succeeded / s.lookups : null), { share: true });
  one('Latency', took, took, (s) => (s.lookups ? s.latency_ms ?? 0 : null));
  one('Bytes of all nodes', bytes, bytes, (s) => s.bytes ?? 0);
}

const unitOf = (seconds) => (seconds > 4 * 3600 ? 3600 : seconds > 600 ? 60 : 1);

/** How full the buckets were: bars of contacts, those that are down, those that wait. */
function buckets(parent, r) {
  const height = 150;
  const step = 26;
  const most = Math.max(r.config.k ?? 20, ...r.buckets.map((b) => Math.max(b.contacts, b.waiting)));
  const y = (v) => 124 - (v / most) * 112;
  const picture = svg('svg', { height, width: 40 + step * r.buckets.length, role: 'img', 'aria-label': 'Contacts in the buckets of routing tables, on average' });
  for (const t of trace.ticks(most, 4)) picture.append(svg('g', { class: 'axis' }, svg('line', { x1: 34, x2: 40 + step * r.buckets.length, y1: y(t), y2: y(t) }), svg('text', { class: 'small', x: 28, y: y(t) + 4, 'text-anchor': 'end' }, brief(t))));
  r.buckets.forEach((b, i) => {
    const x = 40 + i * step;
    const bar = (name, from, width, low, high) => svg('rect', { class: name, x: x + from, width, y: y(high), height: Math.max(0, y(low) - y(high)) });
    const alive = Math.max(0, b.contacts - b.dead);
    picture.append(bar('bar alive', 0, 13, 0, alive), bar('bar dead', 0, 13, alive, b.contacts), bar('bar waits', 15, 6, 0, b.waiting),
      svg('text', { class: 'small', x: x + 8, y: 140, 'text-anchor': 'middle' }, String(b.prefix)));
  });
  const details = el('details', {}, el('summary', {}, 'As a table'), el('div', { class: 'scroll' }));
  parent.append(el('h3', {}, 'Buckets of routing tables, on average'), el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Buckets, drawn' }, picture),
    el('p', { class: 'about' }, 'By leading bits shared with the table\'s owner: contacts (blue), of which down (orange), and replacements (grey).'), details);
  dataTable(details.lastElementChild, 'Buckets', '', [
    { head: 'bucket', number: true, cell: (b) => String(b.prefix) },
    { head: 'contacts', number: true, cell: (b) => brief(b.contacts) },
    { head: 'down', number: true, cell: (b) => brief(b.dead) },
    { head: 'waiting', number: true, cell: (b) => brief(b.waiting) },
  ], (b) => String(b.prefix))(r.buckets);
}

function traced(parent, t) {
  const said = el('div', { class: 'detail short' }, 'Point at a bar, or use the arrow keys, to see a request.');
  const picture = el('div', { class: 'trace' });
  const legend = el('ul', { class: 'legend' });
  const details = el('details', {}, el('summary', {}, 'As a table'), el('div', { class: 'scroll' }));
  const which = { typical: `A typical lookup (${t.number})`, worst: `The slowest lookup of the most hops (${t.number})`, number: `Lookup ${t.number}` }[t.which] ?? 'One lookup';
  parent.append(el('h3', {}, `${which}: ${trace.summary(t)}`), picture, legend, said, details);
  trace.drawing(picture, (r) => say(said, r ? trace.words(r) : 'Point at a bar, or use the arrow keys, to see a request.'), 360)(t);
  trace.legend(legend);
  trace.asTable(details, dataTable(details.lastElementChild, 'Requests of the lookup', '', trace.columns, (r) => String(r.i)))(t);
}
