// One lookup, drawn as kad sim draws it: time against distance, a bar for each request, and
// the chain of answers that led to the closest node. Bands, lanes and their heights are those
// of sim/picture.

import { el, keyed, onWidth, say, set, svg } from './dom.js';
import { brief, counted, shortID, took } from './format.js';

const left = 44;
const right = 12;
const top = 8;
const axis = 34;
const bandLeast = 15;
const laneMost = 11;
const laneLeast = 2.5;

/** Bands, lanes and the places of a trace's requests, for a drawing of that height. */
export function layout(trace, height) {
  const requests = trace.requests.map((r) => ({ ...r })).sort((a, b) => a.asked_ms - b.asked_ms);
  const longest = Math.max(trace.end_ms, ...requests.map((r) => r.end_ms));
  const bounds = longest > 0 ? longest : 1;
  const bands = makeBands(requests);
  assignLanes(requests, bands, bounds);
  const total = (lane) => bands.reduce((sum, b) => sum + Math.max(bandLeast, b.lanes * lane + 4), 0);
  let lane = laneMost;
  while (lane > laneLeast && total(lane) > height) lane -= 0.25;
  const spare = Math.max(0, (height - total(lane)) / Math.max(1, bands.length));
  let low = 0;
  for (const b of bands) {
    b.top = low;
    b.height = Math.max(bandLeast, b.lanes * lane + 4) + spare;
    low += b.height;
  }
  for (const r of requests) {
    const b = r.inBand;
    r.middle = b.top + b.height / 2 - (b.lanes * lane) / 2 + (r.lane + 0.5) * lane;
  }
  return { requests, bands, span: bounds, lane, height: low };
}

/** A band for each distance with requests, farthest first; distances between share one. */
function makeBands(requests) {
  const distances = [...new Set(requests.map((r) => r.distance))].sort((a, b) => b - a);
  const bands = [];
  distances.forEach((distance, i) => {
    const between = i > 0 ? distances[i - 1] - distance : 1;
    if (between === 2) bands.push({ label: String(distance + 1), lanes: 0 });
    else if (between > 2) bands.push({ label: '…', lanes: 0 });
    bands.push({ distance, label: String(distance), lanes: 0 });
  });
  return bands;
}

/** Requests of a band that overlap in time are in different lanes. */
function assignLanes(requests, bands, bounds) {
  for (const r of requests) {
    const b = (r.inBand = bands.find((one) => one.distance === r.distance));
    b.ends ??= [];
    r.lane = b.ends.findIndex((end) => end <= r.asked_ms);
    if (r.lane < 0) r.lane = b.ends.length;
    b.ends[r.lane] = Math.max(r.end_ms, r.asked_ms + 0.004 * bounds) + 0.012 * bounds;
    b.lanes = b.ends.length;
  }
}

/** Round ticks of an axis from 0 to most, at most so many. */
export function ticks(most, wanted) {
  if (!(most > 0)) return [0];
  let scale = 10 ** (Math.floor(Math.log10(most)) - 2);
  for (;;) {
    for (const r of [1, 2, 5]) {
      if (most / (r * scale) <= wanted) {
        const step = r * scale;
        return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
      }
    }
    scale *= 10;
  }
}

/** Where a tick's text stands: around it, or at the end of the drawing if it would be cut. */
export const within = (x, width, text) => (x + 4 * text.length > width ? { tx: width, anchor: 'end' } : { tx: x, anchor: 'middle' });

const outcomes = { answered: 'answered', failed: 'failed', unanswered: 'not waited for', pending: 'asked, no answer yet' };

/** How a request went, in words. */
export function words(r) {
  const who = r.peer ? `${shortID(r.peer)}, ` : '';
  const time = r.outcome === 'pending' ? '' : ` after ${took(r.end_ms - r.asked_ms)}`;
  return `${who}distance ${r.distance} bits, hop ${r.hop}, asked at ${took(r.asked_ms)}: ${outcomes[r.outcome] ?? r.outcome}${r.outcome === 'unanswered' ? '' : time}${r.aside ? ', set aside as late' : ''}${r.winning ? ', in the chain to the closest node' : ''}`;
}

/** A drawing of traces in a parent. Its draw shows a trace; null shows that there is none. */
export function drawing(parent, tell, height = 300) {
  const stripes = svg('g');
  const grid = svg('g', { class: 'axis' });
  const bars = svg('g');
  const chain = svg('path', { class: 'chain' });
  const winners = svg('g');
  const caption = svg('text', { class: 'small', 'text-anchor': 'middle' }, 'time since the lookup began (ms)');
  const side = svg('text', { class: 'small side', 'text-anchor': 'middle' }, 'XOR distance (bits)');
  const picture = svg('svg', { height: height + top + axis, role: 'group', tabindex: 0 }, stripes, grid, bars, chain, winners, caption, side);
  const none = el('p', { class: 'empty over' });
  parent.append(picture, none);
  let width = 0;
  let shown = null;
  let chosen = -1;
  let laid = null;

  const point = (i) => {
    chosen = i;
    for (const node of [...bars.children, ...winners.children]) node.classList.toggle('chosen', Number(node.dataset.key) === i);
    tell(i < 0 || !laid ? null : laid.requests[i]);
  };
  picture.addEventListener('pointerover', (e) => point(Number(e.target.closest('.request')?.dataset.key ?? -1)));
  picture.addEventListener('pointerleave', () => point(-1));
  picture.addEventListener('keydown', (e) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (!step || !laid?.requests.length) return;
    e.preventDefault();
    point((chosen + step + laid.requests.length) % laid.requests.length);
  });

  const draw = () => {
    const some = shown !== null && shown.requests.length > 0;
    none.hidden = some;
    say(none, shown === null ? 'No lookup yet. Start one above, or wait for the node\'s own.' : 'Nobody was asked.');
    picture.classList.toggle('idle', !some);
    if (!width || !some) return;
    laid = layout(shown, height);
    const x = (ms) => left + (ms / (laid.span * 1.01)) * (width - left - right);
    const y = (v) => top + v;
    const bottom = top + laid.height;
    set(picture, { width, height: Math.max(height, laid.height) + top + axis, viewBox: `0 0 ${width} ${Math.max(height, laid.height) + top + axis}`,
      'aria-label': `${summary(shown)}. Arrow keys go from request to request.` });
    set(caption, { x: (left + width - right) / 2, y: bottom + 31 });
    set(side, { transform: `translate(11 ${top + laid.height / 2}) rotate(-90)` });
    keyed(stripes, laid.bands, (b) => String(laid.bands.indexOf(b)), () => svg('g', {}, svg('rect'), svg('text', { class: 'small', 'text-anchor': 'end' })), (node, b) => {
      set(node.firstChild, { class: laid.bands.indexOf(b) % 2 ? 'stripe' : 'stripe odd', x: left, y: y(b.top), width: Math.max(0, width - left - right), height: b.height });
      say(set(node.lastChild, { x: left - 6, y: y(b.top + b.height / 2) + 4 }), b.label);
    });
    keyed(grid, ticks(laid.span, Math.max(2, Math.floor(width / 90))), String, () => svg('g', {}, svg('line'), svg('text', { class: 'small' })), (node, t) => {
      const { tx, anchor } = within(x(t), width, brief(t));
      set(node.firstChild, { x1: x(t), x2: x(t), y1: top, y2: bottom + 4 });
      say(set(node.lastChild, { x: tx, y: bottom + 16, 'text-anchor': anchor }), brief(t));
    });
    const numbered = laid.requests.map((r, i) => ({ r, i }));
    const bar = (node, { r, i }) => {
      const high = (r.winning ? 0.92 : 0.6) * laid.lane;
      const until = Math.max(r.end_ms, r.asked_ms + 0.004 * laid.span);
      set(node, { class: `request ${r.outcome}${r.aside ? ' aside' : ''}${r.winning ? ' winning' : ''}${i === chosen ? ' chosen' : ''}`,
        x: x(r.asked_ms), y: y(r.middle - high / 2), width: Math.max(1.5, x(until) - x(r.asked_ms)), height: high, rx: 1 });
    };
    keyed(bars, numbered.filter((n) => !n.r.winning), (n) => String(n.i), () => svg('rect'), bar);
    const won = numbered.filter((n) => n.r.winning);
    keyed(winners, won, (n) => String(n.i), () => svg('rect'), bar);
    set(chain, { d: won.map(({ r }, i) => `${i ? 'L' : 'M'}${x(r.asked_ms)} ${y(r.middle)}L${x(r.end_ms)} ${y(r.middle)}`).join('') });
  };
  onWidth(parent, (w) => {
    width = w;
    draw();
  });
  return (trace) => {
    shown = trace;
    draw();
  };
}

/** "3 hops, 12 requests, 85 ms". */
export const summary = (t) => `${counted(t.hops, 'hop')}, ${counted(t.requests.length, 'request')}, ${took(t.end_ms)}`;

/** The legend of a trace. */
export function legend(parent) {
  const mark = (name, text) => el('li', {}, svg('svg', { viewBox: '0 0 22 10', class: 'wide', 'aria-hidden': 'true' }, svg('rect', { class: `request ${name}`, x: 1, y: 2, width: 20, height: 6, rx: 1 })), text);
  parent.append(mark('answered winning', 'chain to the closest node'), mark('answered', 'answered'), mark('answered aside', 'set aside as late'),
    mark('failed', 'failed'), mark('unanswered', 'not waited for'));
}

/** Writes a trace as a list of requests into a table under a disclosure. */
export function asTable(details, fill) {
  let last = [];
  details.addEventListener('toggle', () => details.open && fill(last));
  return (trace) => {
    last = (trace?.requests ?? []).map((r, i) => ({ ...r, i }));
    if (details.open) fill(last);
  };
}

export const columns = [
  { head: 'asked', number: true, cell: (r) => took(r.asked_ms) },
  { head: 'took', number: true, cell: (r) => (r.outcome === 'pending' ? '-' : took(r.end_ms - r.asked_ms)) },
  { head: 'distance', number: true, cell: (r) => `${r.distance} bits` },
  { head: 'hop', number: true, cell: (r) => String(r.hop) },
  { head: 'round', number: true, cell: (r) => String(r.round) },
  { head: 'outcome', cell: (r) => `${outcomes[r.outcome] ?? r.outcome}${r.aside ? ', late' : ''}${r.winning ? ', in the chain' : ''}` },
];

