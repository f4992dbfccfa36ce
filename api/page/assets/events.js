// The node's events. Above a rate that a person can follow they are sampled, and the page
// says so.

import { byId, dataTable, say } from './dom.js';
import { brief, clock, count, counted, cut, endpoint, keyOf, shortID, time, visible } from './format.js';
import { stream } from './node.js';
import { Sampler, droppedBefore } from './sampler.js';

const listed = 60;

/** What an event says. */
function words(e) {
  const peer = e.peer ? `${shortID(e.peer.split('/p2p/')[1] ?? e.peer)} at ${endpoint(e.peer)}` : '';
  const key = e.key !== undefined || e.key_base64 ? cut(keyOf(e), 80) : '';
  const m = e.message;
  const text = m ? `${visible(m.protocol)}: ${m.payload === undefined ? 'bytes' : cut(visible(m.payload), 80)}` : '';
  return [peer, key, text, e.mode, e.kind === 'records expired' || e.kind === 'joined' ? count(e.count ?? 0) : ''].filter(Boolean).join(', ');
}

/**
 * Shows events; follow is for as long as its signal lets it. Steps of lookups go to takeStep;
 * missed is called where some did not come.
 */
export function events(takeStep, missed) {
  const all = [];
  let dropped = 0;
  let changed = true;
  let serial = 0;
  const sampler = new Sampler(performance.now());
  const fill = dataTable(byId('event-list'), 'Events, newest first', 'Nothing has happened since this page was opened. Lookups are drawn above.', [
    { head: 'at', cell: (e) => clock(e.when) },
    { head: 'what', cell: (e) => visible(e.kind) },
    { head: 'about', cell: (e) => words(e), title: (e) => e.peer ?? null },
  ], (e) => e.serial);

  const gap = () => {
    sampler.missed();
    missed();
  };
  const take = (event, data) => {
    const lost = droppedBefore(data);
    dropped += lost;
    if (lost) gap();
    if (!sampler.takes(event, data, performance.now())) return;
    const e = JSON.parse(data);
    if (e.kind === 'lookup step' && e.step) return takeStep(e);
    Object.assign(e, { when: time(e.at), serial: String(serial++) });
    all.unshift(e);
    all.length = Math.min(all.length, listed);
    changed = true;
  };
  const render = () => {
    sampler.tick(performance.now());
    const rate = count(Math.round(sampler.rate));
    const lost = dropped ? ` The node dropped ${count(dropped)} that this page was too slow for.` : '';
    const sampled = sampler.oneIn > 1 ? `${rate} events a second: one in ${brief(sampler.oneIn)} is shown.` : '';
    say(byId('sampling'), sampled && `${sampled} Lookups are shown whole or not at all: ${count(sampler.last.whole)} of ${counted(sampler.last.lookups, 'lookup')} that began.`);
    say(byId('event-rate'), (sampled || `${rate} ${rate === '1' ? 'event' : 'events'} a second, those of lookups among them.`) + lost);
    if (changed) fill(all);
    changed = false;
  };
  setInterval(() => !document.hidden && render(), 500);
  return {
    follow(signal) {
      gap(); // what happened since the last stream was not seen
      return stream('/v1/events', { signal }, take);
    },
    /** Forgets them: those of another node follow. */
    clear() {
      all.length = 0;
      [dropped, changed] = [0, true];
    },
  };
}
