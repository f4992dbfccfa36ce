package kbucket

import (
	"time"

	"kadmium/identity"
)

// Sizes and times of a table (design R4.1, R4.10, R4.15).
const (
	DefaultK    = 20 // contacts of a bucket: Kademlia's k
	MaxK        = 64 // the largest k
	MaxFailures = 5  // failed requests in a row after which a contact leaves (section 4.1)

	perSubnetBucket = 2  // contacts of one subnet in a bucket
	perSubnetTable  = 10 // contacts of one subnet in the table

	ProbeInterval   = time.Minute // between two probes in one bucket, at least
	maxBackoff      = 4           // how often the pause between probes doubles while no contact fails: to 16 minutes
	RefreshInterval = time.Hour   // without a lookup, after which a bucket is refreshed (section 2.3)
)

// limits bound the contacts of a table.
type limits struct {
	k               int // contacts of a bucket, where the policy does not say otherwise
	replacements    int // likewise: contacts that wait for a place in a full bucket
	perSubnetBucket int // contacts of one subnet in a bucket and its replacement list
	perSubnetTable  int // likewise in all buckets, replacements not counted
}

func limitsOf(k int) limits {
	if k <= 0 {
		k = DefaultK
	}
	k = min(k, MaxK)
	return limits{k: k, replacements: (k + 1) / 2, perSubnetBucket: perSubnetBucket, perSubnetTable: perSubnetTable}
}

// A Table is one node's routing table. Make one with New.
type Table struct {
	self         identity.Position
	book         identity.Book
	policy       Policy
	epoch        time.Time     // when the first bucket was made, or later; times count from it
	contacts     []entry       // of all buckets, one bucket behind the other
	replacements []replacement // likewise
	kept         []keptPlace   // of contacts of an earlier run that have not answered yet
	buckets      []bucket      // by common-prefix length; one more than the deepest that was ever used
	subnets      *subnetCounts // nil until a contact is counted
	limits       limits
	uncounted    bool  // subnets lacks contacts that Fill added
	failing      int16 // contacts that did not answer the last request, at most MaxK in each of 256 buckets
	due          int16 // the bucket due first for a refresh; -1: none; or unknown
}

// New is an empty table for the node at self, with k contacts a bucket: at most
// MaxK, and DefaultK if k is 0. The book is asked for the position and address of
// every contact the table is told of, as long as the table holds it. Both must stay
// the same, so a garbage collection of the book keeps what EachHandle names.
func New(self identity.Position, book identity.Book, k int) *Table {
	return &Table{self: self, book: book, limits: limitsOf(k), policy: Plain{}, due: unknown}
}

// Len is the number of contacts in the buckets; replacements are not counted.
func (t *Table) Len() int { return len(t.contacts) }

// K is the number of contacts that a bucket usually has room for; Room says it of each.
func (t *Table) K() int { return t.limits.k }

// Waiting is the number of replacements of a bucket.
func (t *Table) Waiting(bucket int) int { return int(t.buckets[bucket].replacements) }

// Answering is the number of contacts in the buckets that are not Failing.
func (t *Table) Answering() int { return len(t.contacts) - int(t.failing) }

// Each calls f with every contact in the buckets, bucket by bucket, farthest
// bucket first, least recently seen first in each. lastSeen is in whole seconds,
// rounded down; it is the zero time for a contact that was promoted from the
// replacement list and has not been heard since. f must not change the table.
func (t *Table) Each(f func(c identity.Contact, lastSeen time.Time, failures, bucket int)) {
	for i := range t.buckets {
		for _, e := range t.of(&t.buckets[i]) {
			f(e.contact(), t.timeOf(&e), e.failures(), i)
		}
	}
}

// EachHandle calls f with every handle the table holds: those of contacts in the
// buckets, of replacements, and of those that a place is kept for. f must not change the
// table.
func (t *Table) EachHandle(f func(identity.Contact)) {
	for i := range t.buckets {
		for _, e := range t.of(&t.buckets[i]) {
			f(e.contact())
		}
		for _, w := range t.waitingFor(&t.buckets[i]) {
			f(w.contact())
		}
	}
	for _, k := range t.kept {
		f(k.contact)
	}
}

// Find is the handle under which the peer at p is in a bucket, whatever its
// address. Replacements are not found.
func (t *Table) Find(p *identity.Position) (identity.Contact, bool) {
	cpl := identity.CommonPrefixLen(&t.self, p)
	if cpl >= len(t.buckets) {
		return 0, false
	}
	b := &t.buckets[cpl]
	if i := t.indexOfPeer(b, cpl, p); i >= 0 {
		return t.of(b)[i].contact(), true
	}
	return 0, false
}

// bucketOf is the bucket a contact belongs to and its common-prefix length; nil
// if the table has no such bucket yet.
func (t *Table) bucketOf(c identity.Contact) (*bucket, int) {
	cpl := identity.CommonPrefixLen(&t.self, t.book.Position(c))
	if cpl >= len(t.buckets) {
		return nil, cpl
	}
	return &t.buckets[cpl], cpl
}

// extend makes the buckets up to cpl, and one more, which stands for all the deeper
// ones.
func (t *Table) extend(now time.Time, cpl int) {
	old := len(t.buckets)
	if cpl+1 < old {
		return
	}
	if old == 0 {
		t.epoch = now
	}
	grown := make([]bucket, min(cpl+2, identity.Bits))
	copy(grown, t.buckets)
	refreshAt := t.elapsed(now) + RefreshInterval
	for i := old; i < len(grown); i++ {
		grown[i] = bucket{refreshAt: refreshAt, first: uint16(len(t.contacts)), firstWaiting: uint16(len(t.replacements))}
	}
	t.buckets = grown
	t.due = unknown
}

// elapsed is the time since the table's epoch. It means nothing while there are
// no buckets.
func (t *Table) elapsed(now time.Time) time.Duration { return now.Sub(t.epoch) }
