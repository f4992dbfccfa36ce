// Checks the page's modules that need no document. Its argument is the directory with them;
// KAD_PROBLEMS has the types of problems that a node has.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

globalThis.location = { search: '' };
const module = (name) => import(pathToFileURL(join(process.argv[2], name)));
const { Sampler, droppedBefore, followed } = await module('sampler.js');
const { advice, adviceFor } = await module('advice.js');
const { byKey, peerOrKey, theirs } = await module('target.js');
const { suspicion, visible } = await module('format.js');
const { sentence } = await module('sentence.js');
const { Problem } = await module('node.js');

/** The steps of lookups, so many of them under way at once, as the node sends them. */
function* interleaved(perSecond, atOnce, seconds) {
  const kinds = ['asked', 'asked', 'answered', 'asked', 'answered', 'answered', 'ended'];
  let next = 1;
  const under = Array.from({ length: atOnce }, () => ({ lookup: next++, step: 0 }));
  for (let i = 0; i < perSecond * seconds; i++) {
    const one = under[i % atOnce];
    const event = { at: 'now', kind: 'lookup step', lookup: one.lookup, purpose: 'get', step: { at_ms: 1, kind: kinds[one.step++], peer: 'x', round: 1 } };
    yield { ms: (i * 1000) / perSecond, ...one, ends: one.step === kinds.length, data: JSON.stringify(event) };
    if (one.step === kinds.length) Object.assign(one, { lookup: next++, step: 0 });
  }
}

for (const perSecond of [100, 250, 1000, 5000]) {
  for (const atOnce of [1, 7, 300]) {
    const sampler = new Sampler(0);
    const shown = new Map();
    let [seen, taken, late] = [0, 0, 0];
    let said = null;
    for (const e of interleaved(perSecond, atOnce, 6)) {
      const takes = sampler.takes('lookup step', e.data, e.ms);
      seen++;
      if (takes) taken++;
      if (e.ms >= 4000 && e.ms < 5000 && takes) late++;
      if (e.ms >= 5000) said ??= { rate: sampler.rate, oneIn: sampler.oneIn };
      const l = shown.get(e.lookup) ?? { taken: 0, left: 0, ended: false };
      l[takes ? 'taken' : 'left']++;
      l.ended ||= e.ends;
      shown.set(e.lookup, l);
    }
    const what = `${perSecond} events a second, ${atOnce} lookups at once`;
    const torn = [...shown.values()].filter((l) => l.taken && l.left).length;
    assert.equal(torn, 0, `${what}: ${torn} of ${shown.size} lookups are shown in part`);
    assert.ok(Math.abs(said.rate - perSecond) < perSecond / 50, `${what}: said to be ${said.rate}`);
    const really = late ? perSecond / late : Infinity;
    if (late) assert.ok(Math.abs(said.oneIn - really) <= really / 50, `${what}: said to be one in ${said.oneIn}, is one in ${really}`);
    if (perSecond <= followed) assert.equal(taken, seen, what);
    else assert.ok(late < 5 * followed, `${what}: ${late} are shown in a second`);
  }
}
{
  const sampler = new Sampler(0);
  let shown = 0;
  for (let i = 0; i < 10000; i++) shown += sampler.takes('peer met', '{}', i / 10);
  assert.ok(shown < 5 * followed, `of a first burst of 10,000 in a second ${shown} are shown`);
  for (let i = 0; i < 100000; i++) sampler.takes('lookup step', `{"lookup":${i + 1},"purpose":"get","step":{"kind":"asked"}}`, 1000);
  assert.ok(sampler.chosen.size <= 2048, `${sampler.chosen.size} lookups are remembered`);
  assert.equal(droppedBefore('{"dropped":12}'), 12);
  assert.equal(droppedBefore(JSON.stringify({ payload: '"dropped":7' })), 0);
}

// Every problem of a node has its words, and none that stand for what the page does itself.
const types = process.env.KAD_PROBLEMS.split(' ');
assert.deepEqual(Object.keys(advice).sort(), types.sort());
const commandish = /--[a-z]|`|\bkad (?!page)[a-z]|\?[a-z]/;
for (const type of types) {
  const p = new Problem(500, { type: `/problems/${type}`, detail: 'x', next: 'check the name, or see who was asked: --trace' });
  assert.match(adviceFor(p), /^[A-Z].*\.$/, type);
  assert.doesNotMatch(adviceFor(p), commandish, type);
}
assert.equal(adviceFor(new Problem(429, { type: '/problems/busy', next: 'wait a second' })), 'Wait a second.');

// Whatever may be a peer's ID is the node's to say; a key stays one.
for (const id of ['12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFRYzj6TQJqZzTNcQ1A', 'bafzaajaiaejcbhr3im6l2mocxctoxpoktgf5b5gccqojzgxviixjoycrwhtdv4kn',
  'k51qzi5uqu5dk4kbd5bpmklj30q0q8n3091bncahugkx18e84p1od2rk25olsd', 'k2k4r8ncs1yoluq95unsd7x2vfhgve0ncjoggwqx9vyh3vl8warrcp15', 'GzxzKZYv']) {
  assert.equal(peerOrKey(id), `/v1/closest/${id}?trace=sse`);
}
assert.equal(peerOrKey('/ip4/1.2.3.4/udp/1/p2p/12D3KooWx'), '/v1/closest/%2Fip4%2F1.2.3.4%2Fudp%2F1%2Fp2p%2F12D3KooWx?trace=sse');
for (const key of ['/v/hello', '..', '.', 'a b', 'ü']) assert.match(peerOrKey(key), /^\/v1\/closest\?key64=/);
assert.equal(byKey('values', '/v/a?'), '/v1/values?key64=L3YvYT8&trace=sse');
for (const dots of ['.', '..']) assert.throws(() => theirs(dots), (e) => e instanceof Problem && e.status === 400);

// Nothing invisible, and nothing that turns the order of a line, is shown as it came.
assert.equal(visible('a\u202eb\u061cc\u2066d\u200e\u00ade\n\u{e0041}\ud800'), 'a\\u202eb\\u061cc\\u2066d\\u200e\\u00ade\\u000a\\u{e0041}\\ud800');
assert.equal(visible('größer, 値, 🙂'), 'größer, 値, 🙂');
assert.equal(new Problem(400, { detail: 'x\u202ey' }).message, 'x\\u202ey');

// What a contact does now is not known.
const stats = { peers: 4, serves: true, gauges: { 'contacts.failing': 1 }, wire: { dropped: {} } };
const says = (peers, failing) => sentence({ stats: { ...stats, peers, gauges: { 'contacts.failing': failing } }, ready: { ready: true }, problem: null }).text;
assert.match(says(4, 1), /4 of 5 peers in its table answered when last asked\.$/);
assert.match(says(5, 0), /all 5 peers in its table answered when last asked\.$/);
assert.match(says(1, 0), /the one peer in its table answered when last asked\.$/);
assert.match(says(0, 3), /None of the peers in this node's table answered when last asked\.$/);

// What is suspect is said as the command line says it.
assert.equal(suspicion(undefined), null);
assert.equal(suspicion({ crowded: [0, 2], stale: true, sparse: true, subnet: true }), 'crowded [0 2], sparse, subnet, stale');
assert.equal(suspicion({ sparse: true }), 'sparse');
