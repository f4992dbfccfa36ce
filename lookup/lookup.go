package lookup

import (
	"time"

	"kadmium/identity"
)

// Defaults of a Config (Kademlia, sections 2.2, 2.3), and limits on the cost of lies.
const (
	DefaultK     = 20
	DefaultAlpha = 3
	// MaxPaths bounds Config.DisjointPaths: paths are bits of a byte.
	MaxPaths = 8
	// PerIP is how many contacts of one IP address are taken from answers.
	PerIP = 2
	// PerSubnet is the same for a /24 of IPv4 and a /64 of IPv6, PerSite for a /48.
	PerSubnet = 2
	PerSite   = 6
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
	// Rule makes the rule of each path; nil: Plain.
	Rule func(Config) Rule
	// Search says that a value or providers are sought, and not the closest nodes alone.
	Search bool
	// Holders says that what is returned are to be the holders of a key.
	Holders bool
	// Searcher is the node that searches, as far as a rule may ask it; nil in tests of
	// rules that do not.
	Searcher Searcher
	// Size is the searcher's estimate of how many nodes the network has; 0: it has none.
	Size float64
	// Unsure says that Size is of the searcher's neighbourhood alone, with an error of about
	// a quarter.
	Unsure bool
	// Answering is the share of those outside the region that answered lately; 0: all.
	Answering float64
	// Late is W: how long a straggler is waited for, if the rule is not Patient; 0: until it
	// has failed. Repeats says that datagrams are lost: then it is MaxWait, but for those whose
	// round trip time is above W.
	Late    time.Duration
	Repeats bool
	// PerSubnet is how many contacts of one /24 are taken from answers, or of one /64 of
	// IPv6; 1 or 2, the default and the most.
	PerSubnet int
}

func (c Config) withDefaults() Config {
	if c.K <= 0 {
		c.K = DefaultK
	}
	if c.Alpha <= 0 {
		c.Alpha = DefaultAlpha
	}
	c.DisjointPaths = min(max(c.DisjointPaths, 1), MaxPaths)
	if c.PerSubnet != 1 {
		c.PerSubnet = PerSubnet
	}
	return c
}

// A Lookup searches the k peers closest to a target. It is not safe for
// concurrent use. Outcomes are ignored if the contact is not waited for, and after the
// end.
type Lookup struct {
	cfg     Config
	self    identity.Position
	list    shortlist
	paths   [MaxPaths]path
	turn    int // the path whose turn is next
	rounds  rounds
	stats   Stats
	now     time.Time                 // of the last call that changed something
	wakeAt  time.Time                 // see WakeAt, if wakeKnown
	pending int                       // candidates that are waited for, late ones included
	more    func() []identity.Contact // see Refill; nil: was called, or there is none
	by      Candidate                 // whose answer is being taken
	found   uint8                     // hop of the first contact that had what is sought
	reason  Reason
	omitted bool // the rule did not take somebody who was named and not known
	// wakeKnown: nothing has changed since wakeAt was asked for.
	wakeKnown bool
	events    []Event
	told      int // of events, by Events

	radius      uint64           // of the region, see Region; 0: there is none
	refusedNear int              // contacts within it that were not taken because of their subnet
	referrer    identity.Contact // the first that named a contact within it
	referrers   uint8            // netgroups that did, up to 2
}

// New starts a lookup of target by the node at position self. The seeds are the closest
// contacts of its own table. Without any the lookup has ended (NoContacts).
func New(now time.Time, cfg Config, book identity.Book, self, target identity.Position, seeds []identity.Contact) *Lookup {
	l := new(Lookup)
	l.Reset(now, cfg, book, self, target, seeds)
	return l
}

// Reset makes l a new lookup as New does, and reuses the memory of the old one.
func (l *Lookup) Reset(now time.Time, cfg Config, book identity.Book, self, target identity.Position, seeds []identity.Contact) {
	cfg = cfg.withDefaults()
	*l = Lookup{
		cfg:    cfg,
		self:   self,
		list:   newShortlist(book, target, CandidatesPerK*cfg.K, l.list.entries[:0]),
		stats:  Stats{Started: now},
		now:    now,
		events: l.events[:0],
		radius: cfg.radius(),
	}
	if l.events == nil {
		l.events = make([]Event, 0, usualEvents)
	}
	for p := range cfg.DisjointPaths {
		l.paths[p].rule = l.cfg.rule()
	}
	if l.paths[0].rule.Patient() {
		l.cfg.Late = 0
	}
	l.seed(seeds)
	if len(l.list.entries) == 0 {
		l.end(now, NoContacts)
	}
}

// Refill sets a function that is called once if no contact is left to ask and fewer
// than K of those asked have answered or may still do so in time (design R5.10). It
// returns contacts of the searcher's table that are farther than the seeds. Where many
// nodes have just failed the others name few contacts that the searcher does not know,
// since neighbours know the same nodes. Call Refill right after New.
func (l *Lookup) Refill(more func() []identity.Contact) {
	if l.reason == 0 {
		l.more = more
	}
}

// Next is the next contact to ask, which counts as asked from now on. Call it until ok
// is false, at the start and after each outcome.
func (l *Lookup) Next(now time.Time) (c identity.Contact, ok bool) {
	if l.reason != 0 {
		return 0, false
	}
	l.atTime(now)
	for range l.cfg.DisjointPaths {
		p := l.turn
		l.turn = (l.turn + 1) % l.cfg.DisjointPaths
		if e, burst := l.pick(p); e != nil {
			return l.ask(now, e, p, burst), true
		}
	}
	if l.more != nil && l.idle() && l.refill() {
		return l.Next(now)
	}
	if l.pending == 0 {
		l.endUnlessRefilled(now)
		return l.Next(now)
	}
	return 0, false
}

// idle reports whether no contact is left to ask.
func (l *Lookup) idle() bool {
	for i := range l.list.entries {
		if l.list.entries[i].state == unasked {
			return false
		}
	}
	return true
}

func (l *Lookup) ask(now time.Time, e *Candidate, p int, burst bool) identity.Contact {
	e.state = asked
	l.pending++
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
	if e.slow = l.isSlow(e); e.slow && l.mayAskAside() {
		l.settleAs(e, aside)
		l.record(now, SetAside, e)
	}
	return e.contact
}

// Answered reports that c answered and named other contacts, of which the first K
// count. An answer from a contact that was set aside counts too.
func (l *Lookup) Answered(now time.Time, c identity.Contact, named []identity.Contact) {
	if l.hear(now, c, named) {
		l.endIfOver(now)
	}
}

// Satisfied is Answered for the answer that ends the search. The contact found, which
// is c or answered before, returned the value or is the peer that is sought.
func (l *Lookup) Satisfied(now time.Time, c identity.Contact, named []identity.Contact, found identity.Contact) {
	l.hear(now, c, named)
	l.Found(now, found)
	l.Stop(now, Satisfied)
}

// hear processes an answer; false if c was not waited for.
func (l *Lookup) hear(now time.Time, c identity.Contact, named []identity.Contact) bool {
	i := l.waited(c)
	if i < 0 {
		return false
	}
	l.atTime(now)
	l.settle(i, answered)
	l.stats.Answered++
	l.by = l.list.entries[i] // a copy: the list is about to move
	taken := l.take(&l.by, named)
	if l.by.near <= l.radius && 2*len(named) < l.cfg.K {
		l.refer(&l.by, l.by.near) // it knows whom we know, and few others
	}
	l.record(now, Answered, &l.by)
	event := &l.events[len(l.events)-1]
	event.Named, event.New = len(named), taken
	return true
}

// Failed reports that c answered none of the tries, or could not be asked.
func (l *Lookup) Failed(now time.Time, c identity.Contact) {
	i := l.waited(c)
	if i < 0 {
		return
	}
	l.atTime(now)
	l.settle(i, failed)
	l.stats.Failed++
	l.list.promoteAlternate(i)
	l.record(now, Failed, &l.list.entries[i])
	l.endIfOver(now)
}

// SetAside reports that c overran its expected round trip: it no longer counts against
// alpha (Kademlia, section 2.3; design R5.4), but is still waited for.
func (l *Lookup) SetAside(now time.Time, c identity.Contact) {
	i := l.waited(c)
	if i < 0 || l.list.entries[i].state != asked {
		return
	}
	l.atTime(now)
	l.settle(i, aside)
	l.record(now, SetAside, &l.list.entries[i])
	l.endIfOver(now)
}

// Found notes that c returned the value or is the peer that is sought. c has answered,
// or Answered follows. The lookup continues until it ends or is stopped.
func (l *Lookup) Found(now time.Time, c identity.Contact) {
	i := l.list.index(c)
	if i < 0 || l.reason != 0 {
		return
	}
	if l.found == 0 {
		l.found = l.list.entries[i].hop
	}
	l.list.entries[i].found = true
	l.record(now, Found, &l.list.entries[i])
}

// waited is the index of a contact that was asked and has not answered or failed
// yet, -1 for any other and after the end.
func (l *Lookup) waited(c identity.Contact) int {
	if l.reason != 0 {
		return -1
	}
	i := l.list.index(c)
	if i < 0 || l.list.entries[i].state != overrun && !l.list.entries[i].waited() {
		return -1
	}
	return i
}

// settle gives a contact that was asked its new state. The requests that this causes
// are of the next round.
func (l *Lookup) settle(i int, s state) {
	e := &l.list.entries[i]
	l.settleAs(e, s)
	l.rounds.after(e.round)
}

func (l *Lookup) settleAs(e *Candidate, s state) {
	if e.state == asked {
		l.paths[e.path].count(e, -1)
	}
	if e.waited() && s != aside {
		l.pending--
	}
	e.state = s
}

// Results is how many contacts Closest returns at most: K, where the rule does not say
// otherwise.
func (l *Lookup) Results() int {
	return min(max(1, l.paths[0].rule.Results(l.whole())), CandidatesPerK*l.cfg.K)
}

// Closest appends the closest contacts that answered, closest first, Results of them at
// most (design R5.7).
func (l *Lookup) Closest(dst []identity.Contact) []identity.Contact {
	return l.closest(dst, l.Results())
}

// ClosestK is Closest for K, whatever the rule says.
func (l *Lookup) ClosestK(dst []identity.Contact) []identity.Contact { return l.closest(dst, l.cfg.K) }

// AllAnswered appends all contacts that answered, closest first.
func (l *Lookup) AllAnswered(dst []identity.Contact) []identity.Contact {
	return l.closest(dst, len(l.list.entries))
}

func (l *Lookup) closest(dst []identity.Contact, n int) []identity.Contact {
	for i := range l.list.entries {
		if n <= 0 {
			break
		}
		if e := &l.list.entries[i]; e.state == answered {
			dst = append(dst, e.contact)
			n--
		}
	}
	return dst
}

// Known appends the n nearest known contacts that have neither failed nor been set
// aside, asked or not, closest first: an answer need not name them again.
func (l *Lookup) Known(dst []identity.Contact, n int) []identity.Contact {
	for i := range l.list.entries {
		if n <= 0 {
			break
		}
		if e := &l.list.entries[i]; e.Live() {
			dst = append(dst, e.contact)
			n--
		}
	}
	return dst
}

// Each calls f with every contact that the lookup holds, for the garbage collection of
// the book.
func (l *Lookup) Each(f func(identity.Contact)) {
	for i := range l.list.entries {
		f(l.list.entries[i].contact)
	}
}
