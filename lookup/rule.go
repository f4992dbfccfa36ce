package lookup

import (
	"time"

	"kadmium/identity"
)

// A Rule decides how lookups run: whom to ask next and how many at a time, what is taken
// from an answer, and when it is over (design R5.18). Embed Plain, which is the rule of
// Kademlia as this project has it, and write the methods that differ; docs/rules.md shows
// it with examples.
//
// Config.Rule makes one value for each lookup, or one for each of its disjoint paths. So
// a rule may keep what it likes in its fields, and its methods need no locks. All that it
// may depend on is what its View and its Config say: a rule that reads a clock or random
// numbers of its own gives other results each time.
//
// What no rule can change protects the searcher and others from lies, and from mistakes of
// the rule: no contact is asked twice, nor a second address of a peer unless the first
// failed; of one answer k contacts count, two of one IP address in all, and never the
// searcher; the list is bounded; only contacts that answered are returned; and a lookup that
// waits for nobody, and whose rule asks nobody, has ended. Refill (design R5.10) is no part
// of a rule either. Whatever a method returns beyond its bounds is taken for the nearest that
// is within (design R5.19).
type Rule interface {
	// Seeds is how many of the nearest contacts of the searcher's own table the lookup
	// starts with; k if it is less, CandidatesPerK times k at most. It is asked of the first
	// path's rule.
	Seeds(k int) int
	// Take returns those contacts that are taken of the ones that by named, at most k.
	// It may change the slice. Those known already, those that by did not name, and those
	// that the limits refuse are left out later.
	Take(v View, by *Candidate, named []identity.Contact) []identity.Contact
	// Alpha is how many requests may be in flight now. Those of a burst, and those to
	// candidates that are late, do not count.
	Alpha(v View) int
	// Burst reports whether a request may be sent now whatever Alpha says. Such requests
	// do not count against alpha.
	Burst(v View) bool
	// Next is the candidate to ask now, nil for none. It is called only when Alpha or
	// Burst allows a request, at the start and after each outcome, again and again until
	// it returns nil. The candidate that it returns is asked, if it is one of the view's and
	// Unasked; any other counts as nil.
	Next(v View) *Candidate
	// Over reports whether the path needs no more outcomes. It is asked after each
	// outcome, before Next. Whoever is still waited for is then forgotten.
	Over(v View) bool
	// Wake is the time since the start at which Over and Next are asked again, even if
	// nothing happened until then, in whole milliseconds, rounded up; 0, or a time that has
	// passed: never. It is asked once after each change.
	Wake(v View) time.Duration
	// Patient reports whether a late candidate is waited for until it has failed, and not for
	// Config.Late only. It is asked once, of the first path's rule.
	Patient() bool
	// Results is how many of the closest contacts that answered are returned, and become
	// the holders of what is put; at least 1. It is asked of the first path's rule, with
	// the candidates of all paths.
	Results(v View) int
}

// Plain is Kademlia's rule as docs/design.md, section 5, describes it: R5.1, R5.5, R5.6.
// Its methods are in the files of their rules: alpha.go, burst.go, termination.go.
type Plain struct{}

var _ Rule = Plain{}

// Seeds is k.
func (Plain) Seeds(k int) int { return k }

// Take takes all.
func (Plain) Take(_ View, _ *Candidate, named []identity.Contact) []identity.Contact { return named }

// Wake is never: outcomes alone move a lookup.
func (Plain) Wake(View) time.Duration { return 0 }

// Results is k.
func (Plain) Results(v View) int { return v.K() }

// A Searcher is what the node that searches knows beside the lookup, for rules that use
// it.
type Searcher interface {
	// RTT is the smoothed round trip time of a contact, 0 if it was not measured.
	RTT(c identity.Contact) time.Duration
	// HasFailed reports whether a contact has failed lately, and was not heard since.
	HasFailed(c identity.Contact) bool
	// Random is the next of the node's random numbers.
	Random() uint64
}

// rule is a new rule for one path.
func (c *Config) rule() Rule {
	if c.Rule == nil {
		return Plain{}
	}
	if r := c.Rule(*c); r != nil {
		return r
	}
	return Plain{}
}

// Seeds is how many contacts a lookup of this Config starts with, as far as a rule says it
// that is asked for nothing else.
func (c Config) Seeds() int {
	c = c.withDefaults()
	return c.seeds(c.rule())
}

func (c *Config) seeds(r Rule) int { return min(max(c.K, r.Seeds(c.K)), CandidatesPerK*c.K) }

// Seeds is how many of the nearest contacts of its own table the searcher gives the
// lookup, at least K. New takes K of them; Seed takes them all.
func (l *Lookup) Seeds() int { return l.cfg.seeds(l.paths[0].rule) }

// Seed adds contacts of the searcher's own table, right after New.
func (l *Lookup) Seed(seeds []identity.Contact) {
	if l.reason == 0 {
		l.seed(seeds)
	}
}

// wakeEvery is the time between two wakings of a rule, at least (design R5.19).
const wakeEvery = time.Millisecond

// WakeAt is when Wake is needed next, whatever happens until then; the zero time: never.
func (l *Lookup) WakeAt() time.Time {
	if l.reason != 0 {
		return time.Time{}
	}
	if !l.wakeKnown {
		l.wakeAt, l.wakeKnown = l.nextWake(), true
	}
	return l.wakeAt
}

func (l *Lookup) nextWake() time.Time {
	at := l.nextLate()
	for p := range l.cfg.DisjointPaths {
		wanted := l.paths[p].rule.Wake(l.view(p))
		after := wanted.Truncate(wakeEvery)
		if after < wanted {
			after += wakeEvery
		}
		if t := l.stats.Started.Add(after); t.After(l.now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// atTime notes the time of a call that changes something: the rules may want to be woken at
// another time then.
func (l *Lookup) atTime(now time.Time) { l.now, l.wakeKnown = now, false }

// Wake has the rules decide again. Call Next after it.
func (l *Lookup) Wake(now time.Time) {
	l.atTime(now)
	if l.reason == 0 {
		l.endIfOver(now)
	}
}
