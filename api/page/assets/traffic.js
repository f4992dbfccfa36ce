// Traffic, round trips and drops over the last minutes, from the difference of what the node
// counted between two looks.

import { byId } from './dom.js';
import { chart } from './chart.js';
import { ago, brief, bytes, took } from './format.js';

const window = 600; // seconds shown
const most = 400; // points kept

const sum = (all, field) => Object.values(all).reduce((n, t) => n + t[field], 0);

/** What is measured of one look at the node. */
function sampleOf(stats, table) {
  const { in: incoming, out, dropped } = stats.wire;
  const rtts = (table?.buckets ?? []).flatMap((b) => b.contacts).map((c) => (c.rtt_ns ?? 0) / 1e6).filter((ms) => ms > 0).sort((a, b) => a - b);
  const share = (p) => (rtts.length ? rtts[Math.min(rtts.length - 1, Math.floor(rtts.length * p))] : null);
  return {
    at: Date.now(),
    from: `${stats.peer} ${stats.started}`,
    totals: [sum(incoming, 'datagrams'), sum(out, 'datagrams'), sum(incoming, 'bytes'), sum(out, 'bytes')],
    dropped,
    rtt: [share(0.5), share(0.9)],
  };
}

function timeTicks(from, to) {
  const step = to - from > 400e3 ? 120e3 : to - from > 150e3 ? 60e3 : 30e3;
  const all = [];
  for (let t = to; t >= from - 1; t -= step) all.push({ at: t, text: t === to ? 'now' : `-${(to - t) / 60e3 >= 1 ? `${brief((to - t) / 60e3)} min` : `${(to - t) / 1e3} s`}` });
  return all;
}

export function traffic() {
  const common = { x: (t) => ago(t), xTicks: timeTicks, xHead: 'when', from: (points) => Math.min(points[0]?.x ?? 0, (points.at(-1)?.x ?? 0) - 60e3), empty: 'Two looks at the node are needed; the first is done.' };
  const perSecond = (v) => `${brief(v)} /s`;
  const charts = {
    datagrams: chart(byId('chart-datagrams'), { ...common, title: 'Datagrams', unit: perSecond, tick: brief }),
    bytes: chart(byId('chart-bytes'), { ...common, title: 'Bytes', unit: (v) => `${bytes(v)}/s`, tick: bytes }),
    rtt: chart(byId('chart-rtt'), { ...common, title: 'Round trips of contacts', unit: took, empty: 'No round trip of a contact was measured yet.' }),
    drops: chart(byId('chart-drops'), { ...common, title: 'Datagrams dropped, by reason', unit: perSecond, tick: brief, empty: 'Nothing was dropped since the node started.' }),
  };
  const both = [{ name: 'in', mark: 'first' }, { name: 'out', mark: 'second' }];
  let samples = [];

  return (stats, table) => {
    const now = sampleOf(stats, table);
    if (samples.length && samples.at(-1).from !== now.from) samples = []; // it was started again, or is another node
    samples.push(now);
    samples = samples.filter((s) => now.at - s.at <= window * 1000).slice(-most);
    const rates = (read) => samples.slice(1).map((s, i) => {
      const seconds = Math.max(0.001, (s.at - samples[i].at) / 1000);
      return { x: s.at, values: read(s).map((v, j) => Math.max(0, (v - read(samples[i])[j]) / seconds)) };
    });
    charts.datagrams(both, rates((s) => s.totals.slice(0, 2)));
    charts.bytes(both, rates((s) => s.totals.slice(2)));
    const measured = samples.filter((s) => s.rtt[0] !== null);
    charts.rtt([{ name: 'median', mark: 'first' }, { name: '90 %', mark: 'second' }], measured.length ? samples.map((s) => ({ x: s.at, values: s.rtt })) : []);
    const reasons = Object.entries(now.dropped).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
    const named = reasons.slice(0, 4);
    const rest = reasons.slice(4);
    const lines = named.map((name, i) => ({ name, mark: ['first', 'second', 'third', 'fourth'][i] }));
    if (rest.length) lines.push({ name: `${rest.length} other reasons`, mark: 'fifth' });
    charts.drops(lines, lines.length ? rates((s) => [...named.map((n) => s.dropped[n] ?? 0), ...(rest.length ? [rest.reduce((n, r) => n + (s.dropped[r] ?? 0), 0)] : [])]) : []);
  };
}
