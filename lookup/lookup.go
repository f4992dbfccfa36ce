package lookup

import (
	"time"

	"kadmium/identity"
)

// Defaults of a Config, from Kademlia (sections 2.2, 2.3) and the limits on what
// liars can cost.
const (
	DefaultK     = 20
	DefaultAlpha = 3
	// MaxPaths bounds Config.DisjointPaths: paths are bits of a byte.
	MaxPaths = 8
	// PerIP is how many contacts of one IP address are taken from answers.
	PerIP = 2
	// CandidatesPerK times k contacts are held at most, which bounds the requests
	// too. An honest lookup among ten million nodes hears of about eight times k.
	CandidatesPerK = 16
)

// A Config holds the parameters of lookups. Zero fields mean their defaults.
type Config struct {
	// K is how many closest peers are sought; 20.
	K int
	// Alpha is how many requests are in flight at a time; 3.
	Alpha int
	// DisjointPaths is the number of disjoint paths (S/Kademlia, section 4.4), 1 to 8; 1.
	DisjointPaths int
}

func (c Config) withDefaults() Config {
	if c.K <= 0 {
		c.K = DefaultK
	}
	if c.Alpha <= 0 {
		c.Alpha = DefaultAlpha
	}
	c.DisjointPaths = min(max(c.DisjointPaths, 1), MaxPaths)
	return c
}

// A Lookup searches the k peers closest to a target. It is not safe for
// concurrent use. Outcomes reported of contacts that are not waited for, or after
// the end, are ignored.
type Lookup struct {
	cfg    Config
	self   identity.Position
	list   shortlist
	paths  [MaxPaths]path
	turn   int // the path that is served next
	rounds rounds
	stats  Stats
	more   func() []identity.Contact // see Refill; nil: called, or there is none
	found  uint8                     // hop of the first contact that had what is sought
	reason Reason
	events []Event
	told   int // of events, by Events
}

// New starts a lookup of target by the node that stands at self, from the seeds:
// the closest contacts of its own table. Without any it has ended (NoContacts).
func New(now time.Time, cfg Config, book identity.Book, self, target identity.Position, seeds []identity.Contact) *Lookup {
	l := new(Lookup)
	l.Reset(now, cfg, book, self, target, seeds)
	return l
}

// Reset makes l a new lookup as New does, in the memory of the one before.
func (l *Lookup) Reset(now time.Time, cfg Config, book identity.Book, self, target identity.Position, seeds []identity.Contact) {
	cfg = cfg.withDefaults()
	*l = Lookup{
		cfg:    cfg,
		self:   self,
		list:   newShortlist(book, target, CandidatesPerK*cfg.K, l.list.entries[:0]),
		stats:  Stats{Started: now},
		events: l.events[:0],
	}
	if l.events == nil {
		l.events = make([]Event, 0, usualEvents)
	}
	l.seed(seeds)
	if len(l.list.entries) == 0 {
		l.end(now, NoContacts)
	}
}

// Refill has more called, once, if nobody is left to ask, and of those asked fewer
// than K have answered or are still in time: for contacts of the searcher's table that
// are farther than the seeds. Where many have just died others name hardly anybody
// that the searcher does not know, as each has the same neighbours. Call it right
// after New.
func (l *Lookup) Refill(more func() []identity.Contact) {
	if l.reason == 0 {
		l.more = more
	}
}

// Next is the next contact to ask; it counts as asked from now on. Call it until
// ok is false: at the start, and after each outcome reported.
func (l *Lookup) Next(now time.Time) (c identity.Contact, ok bool) {
	if l.reason != 0 {
		return 0, false
	}
	for range l.cfg.DisjointPaths {
		p := l.turn
		l.turn = (l.turn + 1) % l.cfg.DisjointPaths
		if i, burst := l.pick(p); i >= 0 {
			return l.ask(now, i, p, burst), true
		}
	}
	if l.more != nil && l.idle() && l.refill() {
		return l.Next(now)
	}
	return 0, false
}

// idle reports whether nobody is left to ask.
func (l *Lookup) idle() bool {
	for i := range l.list.entries {
		if l.list.entries[i].state == unasked {
			return false
		}
	}
	return true
}

func (l *Lookup) ask(now time.Time, i, p int, burst bool) identity.Contact {
	e := &l.list.entries[i]
	e.state = asked
	e.path = uint8(p)
	e.burst = burst
	e.sent = now.Sub(l.stats.Started)
	e.round = l.rounds.ask()
	l.paths[p].count(e, +1)
	l.stats.RPCs++
	if !e.alternate {
		l.stats.Asked++
	}
	l.record(now, Asked, e)
	return e.contact
}

// Answered reports that c answered, naming other contacts; it is verified now.
// An answer of one set aside counts all the same. Of named the first K count.
func (l *Lookup) Answered(now time.Time, c identity.Contact, named []identity.Contact) {
	if l.hear(now, c, named) {
		l.endIfOver(now)
	}
}

// Satisfied is Answered for the answer that ends the search: found, which is c or
// answered before, returned the value or is the peer that is sought.
func (l *Lookup) Satisfied(now time.Time, c identity.Contact, named []identity.Contact, found identity.Contact) {
	l.hear(now, c, named)
	l.Found(now, found)
	l.Stop(now, Satisfied)
}

// hear takes an answer in; false if c was not waited for.
func (l *Lookup) hear(now time.Time, c identity.Contact, named []identity.Contact) bool {
	i := l.waited(c)
	if i < 0 {
		return false
	}
	l.settle(i, answered)
	l.stats.Answered++
	by := l.list.entries[i] // a copy: the list is about to move
	taken := l.take(&by, named[:min(len(named), l.cfg.K)])
	l.record(now, Answered, &by)
	event := &l.events[len(l.events)-1]
	event.Named, event.New = len(named), taken
	return true
}

// Failed reports that c did not answer (all tries), or could not be asked.
func (l *Lookup) Failed(now time.Time, c identity.Contact) {
	i := l.waited(c)
	if i < 0 {
		return
	}
	l.settle(i, failed)
	l.stats.Failed++
	l.list.promoteAlternate(i)
	l.record(now, Failed, &l.list.entries[i])
	l.endIfOver(now)
}

// SetAside reports that c overran its expected round trip: it no longer counts
// against alpha (Kademlia, section 2.3), but is still waited for.
func (l *Lookup) SetAside(now time.Time, c identity.Contact) {
	i := l.waited(c)
	if i < 0 || l.list.entries[i].state != asked {
		return
	}
	l.settle(i, aside)
	l.record(now, SetAside, &l.list.entries[i])
}

// Found notes that c, which has answered or is about to, returned the value or is
// the peer that is sought. The lookup goes on until it is over or stopped.
func (l *Lookup) Found(now time.Time, c identity.Contact) {
	i := l.list.index(c)
	if i < 0 || l.reason != 0 {
		return
	}
	if l.found == 0 {
		l.found = l.list.entries[i].hop
	}
	l.record(now, Found, &l.list.entries[i])
}

// waited is the index of a contact that was asked and has not answered or failed
// yet, -1 for any other and after the end.
func (l *Lookup) waited(c identity.Contact) int {
	if l.reason != 0 {
		return -1
	}
	i := l.list.index(c)
	if i < 0 || l.list.entries[i].state != asked && l.list.entries[i].state != aside {
		return -1
	}
	return i
}

// settle gives a contact that was asked its new state. What it makes the lookup
// do next is one round further.
func (l *Lookup) settle(i int, s state) {
	e := &l.list.entries[i]
	if e.state == asked {
		l.paths[e.path].count(e, -1)
	}
	e.state = s
	l.rounds.after(e.round)
}

// Closest appends the closest contacts that answered, closest first, at most K.
func (l *Lookup) Closest(dst []identity.Contact) []identity.Contact {
	n := 0
	for i := range l.list.entries {
		if e := &l.list.entries[i]; e.state == answered {
			dst = append(dst, e.contact)
			if n++; n == l.cfg.K {
				break
			}
		}
	}
	return dst
}

// Known appends the n nearest contacts known that have neither failed nor been
// set aside, asked or not, closest first: what an answer need not name again.
func (l *Lookup) Known(dst []identity.Contact, n int) []identity.Contact {
	for i := range l.list.entries {
		if n <= 0 {
			break
		}
		if e := &l.list.entries[i]; e.live() {
			dst = append(dst, e.contact)
			n--
		}
	}
	return dst
}

// Each calls f with every contact the lookup holds, for a sweep of the book.
func (l *Lookup) Each(f func(identity.Contact)) {
	for i := range l.list.entries {
		f(l.list.entries[i].contact)
	}
}
