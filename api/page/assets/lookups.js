// Lookups as they happen: those of the node's events, and one's own.

import { adviceFor, period } from './advice.js';
import { byId, dataTable, el, keyed, say, set } from './dom.js';
import { clock, counted, cut, span, suspicion, took, until, time, visible, shortID } from './format.js';
import { Lookup } from './lookup.js';
import { Problem, stream } from './node.js';
import { byKey, peerOrKey, theirs } from './target.js';
import * as trace from './trace.js';

const kept = 30; // lookups in the list
const dwell = 2500; // ms for which a lookup stays in the picture while newer ones are followed
const stalled = 60e3; // ms after its last step, after which a lookup does not count as running
const unseen = 'its end was not seen';

export function lookups() {
  const all = []; // newest first
  const running = new Map(); // by key
  let shown = null;
  let since = 0;
  let chosen = false;
  let dirty = false;

  const request = byId('request');
  say(request, 'Point at a bar, or use the arrow keys, to see a request.');
  const draw = trace.drawing(byId('trace'), (r) => say(request, r ? trace.words(r) : 'Point at a bar, or use the arrow keys, to see a request.'));
  trace.legend(byId('trace-legend'));
  const list = trace.asTable(byId('trace-list'), dataTable(byId('trace-list').lastElementChild, 'Requests of the drawn lookup', 'No lookup is drawn.',
    [{ head: 'peer', cell: (r) => shortID(r.peer), title: (r) => r.peer }, ...trace.columns], (r) => String(r.i)));

  const add = (l) => {
    all.unshift(l);
    all.length = Math.min(all.length, kept);
    dirty = true;
  };
  const show = (l) => {
    [shown, since, dirty] = [l, Date.now(), true];
  };
  /** Picks what to draw: a chosen lookup stays; otherwise the newest with something to see. */
  const follow = () => {
    if (chosen || !byId('follow').checked || (shown && Date.now() - since < dwell && (shown.own || shown.requests.length))) return;
    const next = all.find((l) => l.requests.length > 0 && l.own) ?? all.find((l) => l.requests.length > 0);
    if (next && next !== shown) show(next);
  };
  byId('follow').addEventListener('change', () => {
    chosen = false;
    follow();
  });

  /** Ends those of the events of which nothing was heard since a time. */
  const lose = (since, reason) => {
    for (const [key, l] of running) {
      if (l.over || l.heard > since) continue;
      l.lose(reason);
      running.delete(key);
      dirty = true;
    }
  };

  const render = () => {
    lose(Date.now() - stalled, unseen);
    follow();
    if (!dirty && (!shown || shown.over)) return;
    dirty = false;
    const now = shown?.trace() ?? null;
    draw(now);
    list(now);
    say(byId('lookup-title'), shown ? `${shown.own ? 'Yours: ' : ''}${shown.text || shown.purpose}, ${trace.summary(now)}${shown.over ? `, ${shown.reason}` : ', runs'}` : '');
    keyed(byId('lookup-list').tBodies[0], all, (l) => l.id, (l) => row(l, () => {
      chosen = true;
      byId('follow').checked = false;
      show(l);
      render();
    }), (node, l) => fill(node, l, l === shown));
    set(byId('lookup-list').parentElement, { 'data-empty': all.length === 0 });
  };
  setInterval(() => !document.hidden && render(), 150);

  return {
    /** Forgets all: those of another node follow. */
    clear() {
      all.length = 0;
      running.clear();
      [shown, chosen, dirty] = [null, false, true];
    },
    /** Takes a lookup step of the events. */
    take(event) {
      const step = event.step;
      const key = `${event.lookup ?? 0} ${event.purpose}`;
      const at = time(event.at);
      let l = running.get(key);
      if (!l || (l.over && step.kind === 'asked')) {
        if (step.kind !== 'asked' || step.round > 1) return; // it began before anybody looked
        l = new Lookup(key, event.purpose ?? 'lookup', at);
        Object.assign(l, { id: `${key} ${at}`, heard: Date.now() });
        running.delete(key); // the order is that in which they began
        running.set(key, l);
        if (running.size > 4 * kept) {
          const [oldest, other] = running.entries().next().value;
          if (!other.over) other.lose(unseen);
          running.delete(oldest);
        }
        l.take(step, 0);
        if (!all.some((other) => other.own && other.same(l))) add(l);
        return;
      }
      l.take(step, at - l.began);
      l.heard = Date.now();
      dirty = true;
    },
    /** Steps did not come: those of the events that run cannot be drawn to their end. */
    missed: () => lose(Infinity, unseen),
    /** Begins a lookup of one's own; a twin in the events gives way to it. */
    own(purpose, text) {
      const begin = () => {
        const l = new Lookup('own', purpose, Date.now());
        Object.assign(l, { id: `own ${Date.now()} ${Math.random()}`, own: true, text });
        return l;
      };
      let l = null;
      const take = (step) => {
        if (!l || (l.over && step.kind === 'asked')) {
          l = begin();
          l.take(step, step.at_ms);
          const twin = all.findIndex((other) => !other.own && other.same(l));
          if (twin >= 0) all.splice(twin, 1);
          add(l);
          chosen = false;
          show(l);
          return;
        }
        l.take(step, step.at_ms);
        dirty = true;
      };
      const end = () => {
        if (!l || l.over) return;
        l.lose(unseen);
        dirty = true;
      };
      return { take, end };
    },
  };
}

function row(l, choose) {
  const button = el('button', { type: 'button', class: 'plain' }, l.own ? `${l.purpose} (yours)` : l.purpose);
  button.addEventListener('click', choose);
  return el('tr', {}, el('td', {}, button), el('td', { class: 'wide' }, clock(l.began)), el('td', { class: 'n' }), el('td', { class: 'n' }), el('td', { class: 'n' }), el('td'));
}

function fill(node, l, current) {
  const cells = node.children;
  set(node, { 'aria-current': current ? 'true' : null });
  say(cells[2], l.over ? String(l.hops) : '-');
  say(cells[3], String(l.requests.length));
  say(cells[4], l.over ? took(l.end_ms) : '-');
  say(cells[5], l.over ? l.reason : 'runs');
}

const forms = {
  get: { label: 'Key', placeholder: '/v/hello', purpose: 'get', path: (t) => byKey('values', t) },
  put: { label: 'Key', placeholder: '/v/hello', purpose: 'put', value: true, path: (t) => byKey('values', t) },
  find: { label: 'Peer ID', placeholder: '12D3KooW…', purpose: 'find', path: theirs },
  closest: { label: 'Key or peer ID', placeholder: '/v/hello', purpose: 'closest', path: peerOrKey },
  providers: { label: 'Key', placeholder: 'any key', purpose: 'providers', path: (t) => byKey('providers', t) },
};

/** The form that starts one's own lookups. What it returns ends and forgets them. */
export function askForm(own, changed) {
  const [form, kind, target, value] = ['ask', 'ask-kind', 'ask-target', 'ask-value'].map(byId);
  const choose = () => {
    const f = forms[kind.value];
    say(byId('ask-target-label'), f.label);
    set(target, { placeholder: f.placeholder });
    byId('ask-value-label').hidden = value.hidden = !f.value;
  };
  kind.addEventListener('change', choose);
  choose();
  const invitation = byId('answer').textContent;
  let asking = new AbortController();
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    const f = forms[kind.value];
    const text = target.value.trim();
    const doing = `${kind.selectedOptions[0].text}: ${cut(visible(text), 60)}`;
    const button = form.querySelector('button');
    button.disabled = true;
    answer(el('p', { class: 'soft' }, `${doing} …`));
    const lookup = own(f.purpose, doing);
    const { signal } = asking;
    try {
      const options = f.value ? { signal, method: 'PUT', body: new TextEncoder().encode(value.value) } : { signal };
      let result = null;
      await stream(f.path(text), options, (event, data) => {
        const body = JSON.parse(data);
        if (event === 'step') lookup.take(body);
        else if (event === 'problem') throw new Problem(body.status, body);
        else result = body;
      });
      if (!result) throw new Error('The node ended the answer before its result');
      answer(...results[f.purpose](result), suspected(result.suspect));
      changed();
    } catch (problem) {
      if (signal.aborted) return;
      const next = adviceFor(problem);
      answer(el('p', { class: 'problem' }, period(problem.message)), next ? el('p', { class: 'soft' }, `Next: ${next}`) : null, ...refusals(problem.result));
    } finally {
      lookup.end();
    }
    button.disabled = false;
  });
  /** Asks and shows nothing any more, until the next submission. */
  return () => {
    asking.abort();
    asking = new AbortController();
    form.querySelector('button').disabled = false;
    answer(el('p', { class: 'soft' }, invitation));
  };
}

function answer(...nodes) {
  byId('answer').replaceChildren(...nodes.filter(Boolean));
}

const peers = (all, line) => el('ol', { class: 'peers' }, all.map((p) => el('li', { title: p.address ?? p.peer }, line(p))));

/** Who was to hold a record and does not, and why. */
function refusals(stored) {
  const all = stored?.refused_by ?? [];
  if (!all.length) return [];
  return [el('p', { class: 'soft' }, `${counted(all.length, 'node')} refused:`),
    peers(all, (p) => `${p.address ? shortID(p.peer) : 'this node'}: ${visible(p.reason)}`)];
}

const meanings = {
  crowded: 'more nodes are near the target, in these octaves of distance, than chance puts there',
  sparse: 'too few near the target answered, or one subnet named them all',
  subnet: 'many near the target are of one subnet',
  stale: 'the record is signed, and older than one that this node has seen',
};

/** What is suspect of a result, and what that means. */
function suspected(suspect) {
  const words = suspicion(suspect);
  if (!words) return null;
  const meant = Object.keys(meanings).filter((word) => suspect[word]).map((word) => `${word}: ${meanings[word]}`);
  return el('p', { class: 'problem' }, `suspect: ${words} (${meant.join('; ')})`);
}

const results = {
  get: (v) => [
    el('pre', { class: 'value', tabindex: 0, role: 'group', 'aria-label': 'The value' }, typeof v.value === 'string' ? visible(v.value) || '(empty)' : `not text, in base64: ${v.value_base64}`),
    el('p', { class: 'soft' }, `sequence ${v.sequence}, from ${shortID(v.from)}, expires ${until(time(v.expires))}`)],
  put: (s) => [el('p', {}, `Stored at ${counted(s.holders, 'node')}${s.self_holder ? ', this node one of them' : ''}, as sequence ${s.sequence}.`),
    el('p', { class: 'soft' }, `It expires ${until(time(s.expires))}${s.republished ? '; the node publishes it again before then' : ''}.`), ...refusals(s)],
  find: (f) => [el('p', {}, `It answered at ${f.address}.`)],
  closest: (c) => [el('p', {}, `${counted(c.peers.length, 'node')} answered, nearest first:`), peers(c.peers, (p) => `${shortID(p.peer)} at ${p.distance} bits`)],
  providers: (p) => [el('p', {}, p.providers.length ? `${counted(p.providers.length, 'provider')}${p.more ? ', and there may be more' : ''}:` : 'Nobody provides it.'),
    peers(p.providers, (one) => `${shortID(one.peer)}, for another ${span((time(one.expires) - Date.now()) / 1000)}`)],
};
