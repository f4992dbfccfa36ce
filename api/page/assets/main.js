// The page: asks the node at intervals while somebody looks, and hands what it says to the
// drawings. While the page is hidden it asks nothing, and its stream is closed.

import { byId, copyButton, el, keyed, say, set } from './dom.js';
import { ago, bytes, count, shortID, time } from './format.js';
import { events } from './events.js';
import { holdings, tasks } from './holdings.js';
import { askForm, lookups } from './lookups.js';
import { get, readiness, takeToken } from './node.js';
import { nodeChoice } from './nodes.js';
import { peers } from './peers.js';
import { report } from './report.js';
import { ring } from './ring.js';
import { sentence } from './sentence.js';
import { traffic } from './traffic.js';

const lookEvery = 2000; // ms
const valuesEvery = 6000;
const readyEvery = 4000;
const publishedShown = 100;
const retryAfter = 2000; // of the stream

function live() {
  const draw = { ring: ring(), traffic: traffic(), holdings: holdings(), tasks: tasks(), lookups: lookups() };
  const listPeers = peers();
  const stream = events(draw.lookups.take, draw.lookups.missed);
  const view = { problem: null, since: 0, stats: null, ready: null, now: Date.now() };
  let [valuesDue, readyDue, busy, turn] = [0, 0, false, 0];

  const look = async () => {
    if (document.hidden || busy) return;
    busy = true;
    const signal = AbortSignal.timeout(8000);
    const mine = turn; // another node may be chosen meanwhile
    try {
      await listNodes(signal);
      const now = Date.now();
      const [stats, table, ready] = await Promise.all([get('/v1/stats', { signal }), get('/v1/table', { signal }), now >= readyDue ? readiness(signal) : view.ready]);
      if (mine !== turn) return;
      Object.assign(view, { stats, ready, problem: null, since: Date.now() });
      if (now >= readyDue) readyDue = now + readyEvery;
      draw.ring(table);
      draw.traffic(stats, table);
      draw.tasks(stats.tasks);
      identity(stats);
      figures(stats);
      if (now >= valuesDue) {
        valuesDue = now + valuesEvery;
        const [publications, held] = await Promise.all([get(`/v1/published?max=${publishedShown}`, { signal }), get('/v1/held', { signal }), listPeers(signal)]);
        if (mine !== turn) return;
        draw.holdings(publications, held, stats);
      }
    } catch (problem) {
      if (mine !== turn) return;
      view.problem = problem;
      readyDue = 0;
    }
    view.now = Date.now();
    state(sentence(view));
    busy = false;
  };
  const clearForm = askForm(draw.lookups.own, () => {
    valuesDue = 0;
    look();
  });

  let watching = null;
  const watch = async () => {
    if (document.hidden || watching) return;
    const mine = (watching = new AbortController());
    await stream.follow(mine.signal).catch(() => {});
    if (watching !== mine) return;
    watching = null;
    setTimeout(watch, retryAfter);
  };
  const unwatch = () => {
    watching?.abort();
    watching = null;
  };
  const listNodes = nodeChoice(() => {
    turn++;
    [valuesDue, readyDue, busy] = [0, 0, false];
    Object.assign(view, { problem: null, since: 0, stats: null, ready: null });
    for (const clear of [clearForm, draw.lookups.clear, stream.clear, unwatch]) clear();
    state(sentence(view));
    look();
    watch();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) unwatch();
    else {
      look();
      watch();
    }
  });
  setInterval(look, lookEvery);
  look();
  watch();
}

/** Shows the sentence. It is spoken only when the state changes, not at every number. */
function state({ state, text, next }) {
  const node = byId('state');
  if (node.dataset.state !== state) say(byId('spoken'), `${text} ${next}`);
  set(node, { 'data-state': state });
  say(byId('sentence'), text);
  say(byId('next'), next);
  document.title = state === 'bad' ? 'Not well: kadmium' : 'kadmium';
}

function identity(stats) {
  const node = byId('identity');
  if (node.dataset.peer === stats.peer) return;
  node.dataset.peer = stats.peer;
  node.replaceChildren(el('span', { class: 'mono', title: stats.peer }, shortID(stats.peer)), copyButton(stats.peer, 'the peer ID'),
    el('span', { class: 'soft', title: stats.addresses.join('\n') }, `network ${stats.network}`));
}

function figures(stats) {
  const all = [
    ['up since', ago(time(stats.started)).replace(' ago', ''), stats.started],
    ['role', stats.serves ? 'server' : 'client', `mode ${stats.mode}`],
    ['answered', count(stats.peers), 'contacts in the table that answered when last asked'],
    ['failing', count(stats.gauges['contacts.failing']), 'contacts that did not'],
    ['sessions', count(stats.wire.sessions), 'peers with which it shares keys'],
    ['records', count(stats.records), 'held for the network'],
    ['providers', count(stats.providers), 'entries held for the network'],
    ['memory', bytes(stats.bytes), 'of records and provider entries'],
    ['publishes', count(stats.published), 'records and provider entries of its own'],
    ['lookups', count(stats.counters.lookups), 'since it started'],
  ].map(([name, value, title]) => ({ name, value, title }));
  keyed(byId('figures'), all, (f) => f.name, (f) => el('div', {}, el('dt', {}, f.name), el('dd')), (node, f) => {
    say(set(node, { title: f.title || null }).lastChild, f.value);
  });
}

const recorded = location.hash === '#report';
takeToken();
// The address that kad page prints may be pasted into the page's own tab.
addEventListener('hashchange', () => {
  if (location.hash.includes('token=') && takeToken()) location.reload();
});
report(recorded);
if (recorded) document.body.classList.add('recorded');
else live();
