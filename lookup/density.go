package lookup

import (
	"time"

	"kadmium/identity"
	"kadmium/internal/exact"
)

// An Octave is an octave of distance around the target: from R/2^(o+1) to R/2^o for octave o,
// where R is as far as the k closest nodes reach on average; the last reaches
// down to 0.
type Octave struct {
	Expected float64 // nodes, by the estimate of the network's size
	Known    int     // candidates that have not failed
	Answered int
	Crowded  bool // chance does not put as many nodes there, or with them nearer to the target
}

// A Density says what a lookup found near its target beside what was to be expected (design
// R5.22). It is zero where the network's size is not known, or too small.
type Density struct {
	Size    float64 // the estimate by which it is judged
	Octaves [octaves]Octave
	Sparse  bool // too few have answered, or one netgroup named all
	Subnet  bool // many of one subnet were named
}

// Crowded are the numbers of the octaves that are.
func (d *Density) Crowded() (list []int) {
	for o := range d.Octaves {
		if d.Octaves[o].Crowded {
			list = append(list, o)
		}
	}
	return list
}

// Suspect reports whether anything is not as it is to be expected.
func (d *Density) Suspect() bool { return d.Sparse || d.Subnet || d.Crowded() != nil }

// What counts as crowded and as sparse: what chance brings about once in so many octaves,
// octaves with all that is nearer (discs), and lookups, with room for an estimate of the size
// that is too low by as much.
const (
	crowdedChance = 0.0003
	crowdedError  = 1.15
	discChance    = 0.001
	discError     = 1.1
	sparseChance  = 0.002
	sparseShare   = 0.45 // of k: fewer answers within R than this
	subnetRefused = 3    // within R, to be said
)

// Density is what the lookup has found near its target so far.
func (l *Lookup) Density() (d Density) {
	radius := l.cfg.radius()
	if radius == 0 {
		return d
	}
	d.Size = l.cfg.Size
	answers := 0
	for i := range l.list.entries {
		e := &l.list.entries[i]
		o := octaveOf(radius, e.near)
		if o < 0 {
			break
		}
		if e.state == failed || e.state == spare {
			continue
		}
		d.Octaves[o].Known++
		if e.state == answered {
			d.Octaves[o].Answered++
			answers++
		}
	}
	known, lambda := 0, 0.0 // nearer than the octave, but for octaves that are crowded
	for o := octaves - 1; o >= 0; o-- {
		of := &d.Octaves[o]
		of.Expected = expected(l.cfg.K, o)
		of.Crowded = above(of.Known, float64(of.Expected*crowdedError)) < crowdedChance ||
			above(known+of.Known, float64((lambda+of.Expected)*discError)) < discChance
		if !of.Crowded {
			known, lambda = known+of.Known, lambda+of.Expected
		}
	}
	ended := l.reason == Converged || l.reason == Exhausted
	d.Sparse = ended && (l.TooFew() || l.referrers < 2)
	d.Subnet = l.refusedNear >= subnetRefused
	return d
}

// above is the probability that chance puts as many somewhere, or more.
func above(known int, expected float64) float64 { return 1 - exact.PoissonBelow(known-1, expected) }

// AnsweredNear is how many have answered within R, and whether there is a region.
func (l *Lookup) AnsweredNear() (n int, ok bool) {
	radius := l.cfg.radius()
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if e.near > radius {
			break
		}
		if e.state == answered {
			n++
		}
	}
	return n, radius != 0
}

// TooFew reports whether fewer have answered within R than chance and the usual share of
// answers leave.
func (l *Lookup) TooFew() bool {
	n, ok := l.AnsweredNear()
	return ok && float64(n) < float64(sparseShare*float64(l.cfg.K)) && exact.PoissonBelow(n, float64(float64(l.cfg.K)*max(0.5, l.cfg.answering()))) < sparseChance
}

func (c *Config) answering() float64 {
	if c.Answering == 0 {
		return 1
	}
	return c.Answering
}

// SizeSample is an estimate of the network's size by this lookup alone (design R5.24): of a
// target that the searcher drew by chance. It is of the distance of the k closest, or, if
// some octaves are crowded, of the others. The searcher is not counted.
func (l *Lookup) SizeSample() (n float64, ok bool) {
	if l.reason != Converged {
		return 0, false
	}
	const keyspace = (1 << 63) * 2.0
	d := l.Density()
	radius := l.cfg.radius()
	found, width := 0, 0.0
	for o := range d.Octaves {
		if d.Octaves[o].Crowded {
			continue
		}
		found += d.Octaves[o].Answered
		width += float64(radius) / float64(int(2)<<min(o, octaves-2))
	}
	if d.Crowded() != nil {
		return float64(found) / (width / keyspace), found > 0
	}
	farthest, answers := uint64(0), 0
	for i := range l.list.entries {
		if e := &l.list.entries[i]; e.state == answered {
			if farthest, answers = e.near, answers+1; answers == l.cfg.K {
				break
			}
		}
	}
	if answers < l.cfg.K || farthest == 0 || answers < 2 {
		return 0, false
	}
	return float64(answers-1) / (float64(farthest) / keyspace), true
}

// refer notes a netgroup that has named a contact within R; the searcher's own table is one.
func (l *Lookup) refer(by *Candidate, near uint64) {
	if l.referrers >= 2 || near > l.radius || l.radius == 0 {
		return
	}
	book := l.list.book
	switch {
	case l.referrers == 0:
		l.referrers, l.referrer = 1, by.contact
	case l.referrer == by.contact:
	case l.referrer == 0 || by.contact == 0 || book.Address(l.referrer).NetGroup() != book.Address(by.contact).NetGroup():
		l.referrers = 2
	}
}

// AnsweredFar is how many of those asked outside R, or of all where there is no region, have
// answered or failed, and how many have answered.
func (l *Lookup) AnsweredFar() (answers, asks int) {
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if l.radius != 0 && e.near <= l.radius {
			continue
		}
		switch e.state {
		case answered:
			answers, asks = answers+1, asks+1
		case failed:
			asks++
		}
	}
	return answers, asks
}

// Skip takes back that c, which Next has just returned, is asked: another path has asked it.
// For this lookup's rule it counts as one that has answered. Call Next after it.
func (l *Lookup) Skip(now time.Time, c identity.Contact) {
	i := l.waited(c)
	if i < 0 {
		return
	}
	e := &l.list.entries[i]
	e.elsewhere = true
	l.settle(i, answered)
	l.events = l.events[:len(l.events)-1]
	l.stats.RPCs--
	if !e.alternate {
		l.stats.Asked--
	}
	l.endIfOver(now)
}

// EachAsked calls f with every contact that was asked.
func (l *Lookup) EachAsked(f func(identity.Contact)) {
	for i := range l.list.entries {
		if e := &l.list.entries[i]; e.state >= asked {
			f(e.contact)
		}
	}
}

// Merge adds those who answered another lookup of the same target, and not this one. Both
// have ended.
func (l *Lookup) Merge(other *Lookup) {
	for i := range other.list.entries {
		e := other.list.entries[i]
		if e.state != answered || e.elsewhere {
			continue
		}
		at := l.list.search(e.contact, e.near)
		same := at < len(l.list.entries) && l.list.entries[at].near == e.near && *l.list.book.Position(l.list.entries[at].contact) == *l.list.book.Position(e.contact)
		if same && l.list.entries[at].state == answered {
			continue
		}
		if e.paths = 1; same && l.list.entries[at].state != answered {
			l.list.entries[at] = e
		} else if !l.list.insert(at, e) {
			continue
		}
		l.stats.Answered++
		l.refer(&Candidate{contact: e.namedBy}, e.near)
	}
	if l.found == 0 {
		l.found = other.found
	}
	l.stats.Ended = other.stats.Ended
	l.rounds.longest = max(l.rounds.longest, other.rounds.longest)
}
