package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
)

// A repeat looks again, where a lookup of the user's has ended with too few answers near its
// target (design R5.26): by paths that share no peer, each with seeds of its own from all
// buckets, so that whoever captured the lookup must be on all of them. What the paths found
// is put together after all have ended; until then one learns nothing of another's answers.
type repeat struct {
	of     *activeLookup
	paths  []*activeLookup
	asked  map[identity.Contact]bool // by whichever path, and by the lookup
	left   int                       // paths that have not ended
	reason lookup.Reason
	over   bool
}

// repeatPaths is how many paths a repeat has.
const repeatPaths = 8

// repeats begins a repeat instead of the end of the lookup, if that is called for.
func (l *activeLookup) repeats(reason lookup.Reason) bool {
	if l.again != nil || l.op == 0 || reason != lookup.Converged && reason != lookup.Exhausted || !l.state.Regional() || !l.state.TooFew() {
		return false
	}
	seeds := l.e.seedsOfPaths()
	if seeds == nil {
		return false
	}
	l.e.counters.seldom().Repeated++
	r := &repeat{of: l, asked: make(map[identity.Contact]bool), left: len(seeds), reason: reason}
	l.again = r
	l.state.EachAsked(func(c identity.Contact) { r.asked[c] = true })
	for i, of := range seeds {
		p := l.e.newLookup(l.op, l.what, l.asks, l.key, l.target)
		p.path, p.number, p.onAnswer = r, i+1, l.onAnswer
		p.onEnd = func(reason lookup.Reason) { r.ended(p, reason) }
		r.paths = append(r.paths, p)
		cfg := l.config()
		cfg.Alpha, cfg.DisjointPaths = 1, 1
		p.state = lookup.New(l.e.now, cfg, l.e.book, l.e.cfg.Position, l.target, of)
		p.state.Follow(l.state)
		p.owner = l.e.register(p, l.op)
	}
	for _, p := range r.paths {
		p.pump()
	}
	return true
}

// seedsOfPaths deals the contacts of all buckets that have not failed to the paths.
func (e *Engine) seedsOfPaths() (seeds [][]identity.Contact) {
	var all []identity.Contact
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures == 0 && e.mayAsk(c) {
			all = append(all, c)
		}
	})
	if len(all) < repeatPaths {
		return nil
	}
	e.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	seeds = make([][]identity.Contact, repeatPaths)
	for i, c := range all {
		seeds[i%repeatPaths] = append(seeds[i%repeatPaths], c)
	}
	return seeds
}

// takes reports whether a path may ask a contact, which then nobody else does.
func (r *repeat) takes(c identity.Contact) bool {
	if r.asked[c] {
		return false
	}
	r.asked[c] = true
	return true
}

// ended notes the end of a path. One that has found what is sought ends all.
func (r *repeat) ended(p *activeLookup, reason lookup.Reason) {
	r.left--
	if r.over {
		return
	}
	if reason == lookup.Satisfied {
		r.reason = reason
		r.stop()
	}
	if r.left == 0 {
		r.of.end(r.reason)
	}
}

// stop ends all paths.
func (r *repeat) stop() {
	r.over = true
	for _, p := range r.paths {
		p.stop(lookup.Cancelled)
	}
	r.over = false
}

// merge puts what the paths found into the lookup, once.
func (r *repeat) merge() {
	if r == nil || r.paths == nil {
		return
	}
	r.stop()
	l := r.of
	var steps []lookup.Event
	for _, p := range r.paths {
		l.state.Merge(p.state)
		l.extraRequests += p.requests()
		l.metByFirstContact = append(l.metByFirstContact, p.metByFirstContact...)
		for _, s := range p.trace {
			if s.Kind != lookup.Ended {
				steps = append(steps, s)
			}
		}
	}
	r.paths = nil
	l.traceRepeat(steps)
}
