// A small chart of lines against time or value, with a reading at the pointer or, by the
// arrow keys, at a point, and its table.

import { dataTable, el, keyed, onWidth, say, set, svg } from './dom.js';
import { brief } from './format.js';
import { ticks, within } from './trace.js';

const height = 132;
const left = 52;
const right = 10;
const top = 8;
const bottom = 22;

/**
 * A chart in a parent. options: title, unit(v) writes a value, x(v) a place on the axis,
 * xTicks(from, to, wanted), empty, xHead, steps (lines are stairs), share (0 to 1), and the
 * range of the axis, from(points) and to(points).
 * It returns draw(lines, points): lines {name, mark, bars}; points {x, values}.
 */
export function chart(parent, options) {
  const legend = el('ul', { class: 'readings' });
  const grid = svg('g', { class: 'axis' });
  const marks = svg('g');
  const cursor = svg('line', { class: 'cursor', y1: top, y2: height - bottom });
  const picture = svg('svg', { height, role: 'img', tabindex: 0, class: 'chart' }, grid, marks, cursor);
  const none = el('p', { class: 'empty over' }, options.empty);
  const details = el('details', {}, el('summary', { 'aria-label': `${options.title} as a table` }, 'As a table'), el('div', { class: 'scroll' }));
  parent.classList.add('figure');
  parent.append(el('h3', {}, options.title), legend, el('div', { class: 'plot' }, picture, none), details);

  const state = { width: 0, lines: [], points: [], at: -1, x: () => 0 };
  const read = () => {
    const i = state.at >= 0 ? Math.min(state.at, state.points.length - 1) : state.points.length - 1;
    const point = state.points[i];
    keyed(legend, state.lines, (l) => l.name, (l) => el('li', {}, svg('svg', { viewBox: '0 0 18 8', 'aria-hidden': 'true', class: 'wide' }, svg('path', l.bars ? { class: `bars ${l.mark}`, d: 'M4 0H14V8H4Z' } : { class: `line ${l.mark}`, d: 'M1 4H17' })), el('span', {}, l.name), el('b')),
      (node, l) => say(node.lastChild, point ? valueOf(point, state.lines.indexOf(l), options) : '-'));
    const here = state.at >= 0 && point;
    set(cursor, { x1: here ? state.x(point.x) : -9, x2: here ? state.x(point.x) : -9 });
    set(picture, { 'aria-label': point ? `${options.title}, ${options.x(point.x)}: ${state.lines.map((l, j) => `${l.name} ${valueOf(point, j, options)}`).join(', ')}` : `${options.title}: ${options.empty}` });
    set(picture, { title: null });
  };
  picture.addEventListener('pointermove', (e) => {
    const x = e.clientX - picture.getBoundingClientRect().left;
    state.at = state.points.reduce((best, p, i) => (best < 0 || Math.abs(state.x(p.x) - x) < Math.abs(state.x(state.points[best].x) - x) ? i : best), -1);
    read();
  });
  picture.addEventListener('pointerleave', () => {
    state.at = -1;
    read();
  });
  picture.addEventListener('keydown', (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step || !state.points.length) return;
    e.preventDefault();
    const from = state.at < 0 ? state.points.length - 1 : state.at;
    state.at = Math.min(state.points.length - 1, Math.max(0, from + step));
    read();
  });

  const draw = () => {
    const { points, lines, width } = state;
    const some = points.length > 0 && lines.length > 0;
    none.hidden = some;
    picture.classList.toggle('idle', !some);
    if (width) frame(state, options, { grid, marks, picture });
    read();
  };
  onWidth(picture.parentElement, (w) => {
    state.width = w;
    draw();
  });
  const tell = tableOf(details, options, state);
  draw();
  return (lines, points) => {
    Object.assign(state, { lines, points });
    draw();
    tell();
  };
}

const valueOf = (point, i, options) => (point.values[i] === null || point.values[i] === undefined ? '-' : options.unit(point.values[i]));

/** Draws axes and lines. */
function frame(state, options, { grid, marks, picture }) {
  const { points, lines, width } = state;
  const most = options.share ? 1 : niceMost(Math.max(0, ...points.flatMap((p) => p.values.filter((v) => v !== null))));
  const from = options.from?.(points) ?? points[0]?.x ?? 0;
  const to = options.to?.(points) ?? points.at(-1)?.x ?? 1;
  const x = (v) => left + ((v - from) / Math.max(1e-9, to - from)) * (width - left - right);
  const y = (v) => height - bottom - (v / most) * (height - top - bottom);
  state.x = x;
  set(picture, { width, viewBox: `0 0 ${width} ${height}` });
  const rows = ticks(most, 3).map((v) => ({ key: `y${v}`, x1: left, x2: width - right, y1: y(v), y2: y(v), tx: left - 6, ty: y(v) + 4, anchor: 'end', text: options.tick?.(v) ?? options.unit(v) }));
  const columns = (options.xTicks?.(from, to, Math.max(2, Math.floor(width / 72))) ?? []).map((t) => ({ key: `x${t.text}`, x1: x(t.at), x2: x(t.at), y1: height - bottom, y2: height - bottom + 4, ty: height - 6, ...within(x(t.at), width, t.text), text: t.text }));
  keyed(grid, [...rows, ...columns], (t) => t.key, () => svg('g', {}, svg('line'), svg('text', { class: 'small' })), (node, t) => {
    set(node.firstChild, { x1: t.x1, x2: t.x2, y1: t.y1, y2: t.y2 });
    say(set(node.lastChild, { x: t.tx, y: t.ty, 'text-anchor': t.anchor }), t.text);
  });
  const apart = Math.min(...points.slice(1).map((p, i) => x(p.x) - x(points[i].x)), 24);
  keyed(marks, lines, (l) => l.name, (l) => svg('path', { class: l.bars ? `bars ${l.mark}` : `line ${l.mark}` }), (node, l) => {
    const i = lines.indexOf(l);
    if (l.bars) {
      const half = Math.max(0.75, apart * 0.36);
      set(node, { d: points.map((p) => `M${(x(p.x) - half).toFixed(1)} ${y(0)}V${y(p.values[i]).toFixed(1)}h${(2 * half).toFixed(1)}V${y(0)}Z`).join('') });
      return;
    }
    let pen = options.steps && points.length ? `M${x(from)} ${y(0)}H${x(points[0].x).toFixed(1)}` : '';
    let before = null;
    for (const p of points) {
      const v = p.values[i];
      if (v === null || v === undefined) {
        before = null;
        continue;
      }
      if (before && options.steps) pen += `H${x(p.x).toFixed(1)}`;
      pen += `${before || options.steps ? 'L' : 'M'}${x(p.x).toFixed(1)} ${y(v).toFixed(1)}`;
      before = p;
    }
    if (options.steps && points.length) pen += `H${x(to).toFixed(1)}`;
    set(node, { d: pen });
  });
}

/** The end of an axis: a little more than the greatest value, at a round number. */
function niceMost(most) {
  if (!(most > 0)) return 1;
  const all = ticks(most, 3);
  const step = all.length > 1 ? all[1] : most;
  return Math.ceil(most / step - 1e-9) * step;
}

function tableOf(details, options, state) {
  let fill = null;
  let names = '';
  const update = () => {
    if (!details.open) return;
    const now = state.lines.map((l) => l.name).join('\n');
    if (!fill || now !== names) {
      names = now;
      details.lastElementChild.replaceChildren();
      fill = dataTable(details.lastElementChild, options.title, options.empty, [
        { head: options.xHead ?? 'when', cell: (p) => options.x(p.x) },
        ...state.lines.map((l, i) => ({ head: l.name, number: true, cell: (p) => valueOf(p, i, options) })),
      ], (p) => String(p.x));
    }
    fill(state.points.slice(-60).reverse());
  };
  details.addEventListener('toggle', update);
  return update;
}

/** Round ticks of an axis of numbers. */
export const numberTicks = (from, to, wanted) => ticks(to, wanted).filter((v) => v >= from).map((v) => ({ at: v, text: brief(v) }));
