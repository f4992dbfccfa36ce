// A lookup that grows step by step, in the form in which reports have theirs.

export class Lookup {
  constructor(key, purpose, began) {
    Object.assign(this, { key, purpose, began, requests: [], end_ms: 0, hops: 0, reason: '', over: false, own: false, text: '' });
    this.byPeer = new Map();
  }

  /** Takes a step that happened at so many ms after the start. */
  take(step, at) {
    this.end_ms = Math.max(this.end_ms, at);
    const open = this.byPeer.get(step.peer);
    switch (step.kind) {
      case 'asked': {
        const r = { peer: step.peer, named_by: step.named_by, asked_ms: at, end_ms: at, distance: step.distance, hop: step.hop, round: step.round, outcome: 'pending', aside: false, winning: false };
        this.byPeer.set(step.peer, r);
        this.requests.push(r);
        break;
      }
      case 'answered':
      case 'failed':
        if (open) Object.assign(open, { end_ms: at, outcome: step.kind });
        break;
      case 'found':
        if (open) Object.assign(open, { end_ms: at, outcome: 'answered' });
        this.winner = step.peer;
        break;
      case 'set aside':
        if (open) open.aside = true;
        break;
      case 'ended':
        this.over = true;
        this.hops = step.hop;
        this.reason = step.reason ?? '';
        this.close();
        break;
    }
  }

  /** Ends a lookup of which no more is heard. */
  lose(reason) {
    Object.assign(this, { over: true, reason, hops: Math.max(0, ...this.requests.map((r) => r.hop)) });
    this.close();
  }

  /** Marks what was not answered, and the chain that led to the closest node. */
  close() {
    for (const r of this.requests) {
      if (r.outcome === 'pending') Object.assign(r, { outcome: 'unanswered', end_ms: this.end_ms });
    }
    const answered = this.requests.filter((r) => r.outcome === 'answered');
    const closest = answered.reduce((best, r) => (!best || r.distance < best.distance ? r : best), null);
    let at = this.byPeer.get(this.winner) ?? closest;
    for (let i = 0; at && i < this.requests.length; i++) {
      at.winning = true;
      at = this.byPeer.get(at.named_by);
    }
  }

  /** The lookup so far: what is asked and not answered reaches until now. */
  trace() {
    if (this.over) return this;
    const now = Math.max(this.end_ms, Date.now() - this.began);
    return { hops: Math.max(0, ...this.requests.map((r) => r.hop)), end_ms: now, requests: this.requests.map((r) => (r.outcome === 'pending' ? { ...r, end_ms: now } : r)) };
  }

  /** Whether both are one lookup, seen in the events and by who began it. */
  same(other) {
    const [a, b] = [this.requests[0], other.requests[0]];
    return this.purpose === other.purpose && a && b && a.peer === b.peer && a.distance === b.distance && Math.abs(this.began - other.began) < 2000;
  }
}
