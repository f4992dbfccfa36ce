// The node's events. Above a rate that a person can follow they are sampled, and the page
// says so: of lookups whole ones are left out, so that those that are shown are complete.

import { byId, dataTable, say } from './dom.js';
import { clock, count, cut, endpoint, keyOf, shortID, time, visible } from './format.js';
import { stream } from './node.js';

export const followed = 200; // events a second that are shown
const listed = 60;

/** A Sampler says which events to show. Its clock is in ms. */
export class Sampler {
  constructor(now) {
    Object.assign(this, { began: now, seen: 0, rate: 0, keep: 1, other: 0, skipped: 0 });
  }

  /** Counts an event, and reports whether to show it: data is its JSON, not read yet. */
  takes(event, data, now) {
    this.tick(now);
    this.seen++;
    // Within a first burst the rate is not known yet.
    const keep = Math.max(this.keep, this.seen > followed ? 64 : 1);
    const shown = keep === 1 || (event === 'lookup step' ? lookupOf(data) : this.other++) % keep === 0;
    if (!shown) this.skipped++;
    return shown;
  }

  /** Closes a second that is over. */
  tick(now) {
    if (now - this.began < 1000) return;
    this.rate = (this.seen * 1000) / (now - this.began);
    this.keep = Math.max(1, Math.ceil(this.rate / followed));
    [this.began, this.seen] = [now, 0];
  }
}

/** The number of the lookup that a step belongs to, without reading its JSON. */
function lookupOf(data) {
  const [, digits] = /"lookup":(\d+)/.exec(data) ?? [];
  return digits ? Number(digits.slice(-9)) : 0;
}

/** What an event says. */
function words(e) {
  const peer = e.peer ? `${shortID(e.peer.split('/p2p/')[1] ?? e.peer)} at ${endpoint(e.peer)}` : '';
  const key = e.key !== undefined || e.key_base64 ? cut(keyOf(e), 80) : '';
  const m = e.message;
  const text = m ? `${visible(m.protocol)}: ${m.payload === undefined ? 'bytes' : cut(visible(m.payload), 80)}` : '';
  return [peer, key, text, e.mode, e.kind === 'records expired' || e.kind === 'joined' ? count(e.count ?? 0) : ''].filter(Boolean).join(', ');
}

/** Shows events; follow is for as long as its signal lets it. */
export function events(takeStep) {
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

  const take = (event, data) => {
    if (!sampler.takes(event, data, performance.now())) return;
    const e = JSON.parse(data);
    dropped += e.dropped ?? 0;
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
    const sampled = sampler.keep > 1 ? `${rate} events a second: one in ${sampler.keep} is shown.` : '';
    say(byId('sampling'), sampled && `${sampled} Of lookups too, one in ${sampler.keep}.`);
    say(byId('event-rate'), (sampled || `${rate} ${rate === '1' ? 'event' : 'events'} a second, those of lookups among them.`) + lost);
    if (changed) fill(all);
    changed = false;
  };
  setInterval(() => !document.hidden && render(), 500);
  return {
    follow: (signal) => stream('/v1/events', { signal }, take),
    /** Forgets them: those of another node follow. */
    clear() {
      all.length = 0;
      [dropped, changed] = [0, true];
    },
  };
}
