// Which events the page shows, of more than a person can follow: of a lookup all steps or
// none, so that what is drawn is complete.

export const followed = 200; // events a second that are shown
const remembered = 2048; // lookups under way: more than a node has at a time

/** A Sampler says which events to show. Its clock is in ms. */
export class Sampler {
  constructor(now) {
    const none = { seen: 0, shown: 0, lookups: 0, whole: 0 };
    Object.assign(this, { began: now, keep: 1, others: 0, begun: 0, now: { ...none }, last: { ...none, seconds: 1 }, none });
    this.chosen = new Map(); // whether a lookup under way is shown, by its number and purpose
  }

  /** Counts an event, and reports whether to show it: data is its JSON, not read yet. */
  takes(event, data, now) {
    this.tick(now);
    this.now.seen++;
    // Within a second that begins a burst the last one's rate is too low.
    const keep = Math.max(this.keep, Math.ceil(this.now.seen / followed));
    const shown = event === 'lookup step' ? this.takesStep(data, keep) : this.others++ % keep === 0;
    if (shown) this.now.shown++;
    return shown;
  }

  /** A lookup is chosen or not at the first step that is seen of it, and stays so to its end. */
  takesStep(data, keep) {
    const step = stepOf(data);
    let shown = this.chosen.get(step.lookup);
    if (shown === undefined) {
      if (step.kind !== 'asked') return keep === 1; // a late word of one that has ended
      shown = this.begun++ % keep === 0;
      this.now.lookups++;
      if (shown) this.now.whole++;
      this.chosen.set(step.lookup, shown);
      if (this.chosen.size > remembered) this.chosen.delete(this.chosen.keys().next().value);
    }
    if (step.kind === 'ended') this.chosen.delete(step.lookup);
    return shown;
  }

  /** Forgets which lookups are under way: steps of them were missed. */
  missed() {
    this.chosen.clear();
  }

  /** Closes a second that is over. */
  tick(now) {
    if (now - this.began < 1000) return;
    this.last = { ...this.now, seconds: (now - this.began) / 1000 };
    this.keep = Math.max(1, Math.ceil(this.rate / followed));
    this.began = now;
    this.now = { ...this.none };
  }

  /** Events a second, in the last second that is over. */
  get rate() {
    return this.last.seen / this.last.seconds;
  }

  /** How many of them stand for one that was shown; 1 if all were. */
  get oneIn() {
    return this.last.shown === this.last.seen ? 1 : this.last.seen / Math.max(1, this.last.shown);
  }
}

/** The lookup that a step belongs to and the step's kind, without reading its JSON. */
function stepOf(data) {
  const [, number = '0'] = /"lookup":(\d+)/.exec(data) ?? [];
  const [, purpose = ''] = /"purpose":"([^"]*)"/.exec(data) ?? [];
  const [, kind = ''] = /"step":\{[^}]*?"kind":"([^"]*)"/.exec(data) ?? [];
  return { lookup: `${number} ${purpose}`, kind };
}

/** How many events the node dropped before this one, without reading its JSON. */
export const droppedBefore = (data) => Number(/"dropped":(\d+)/.exec(data)?.[1] ?? 0);
