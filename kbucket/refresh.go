package kbucket

import (
	"iter"
	"time"

	"kadmium/identity"
)

// LookedUp records a lookup of target: its bucket needs no refresh for
// RefreshInterval (Kademlia, section 2.3).
func (t *Table) LookedUp(now time.Time, target *identity.Position) {
	if len(t.buckets) == 0 {
		return
	}
	cpl := identity.CommonPrefixLen(&t.self, target)
	// The last bucket stands for all the deeper ones.
	b := &t.buckets[min(cpl, t.deepest()+1, len(t.buckets)-1)]
	b.refreshAt = t.elapsed(now) + RefreshInterval
	t.due = unknown
}

// Covered records a lookup that found every node of the buckets deeper than cpl (-1:
// of all buckets): they need no refresh for RefreshInterval (design R4.15).
func (t *Table) Covered(now time.Time, cpl int) {
	for i := cpl + 1; i < len(t.buckets); i++ {
		t.buckets[i].refreshAt = t.elapsed(now) + RefreshInterval
	}
	t.due = unknown
}

// RefreshDue is the bucket that has been without a lookup for longest, if that
// is RefreshInterval or more: look up identity.RandomInRange(self, cpl, ...) and
// tell LookedUp. Of the empty buckets deeper than all contacts only the first is ever
// due: it stands for the others.
func (t *Table) RefreshDue(now time.Time) (cpl int, ok bool) {
	cpl = t.nextRefresh()
	if cpl < 0 || t.elapsed(now) < t.buckets[cpl].refreshAt {
		return 0, false
	}
	return cpl, true
}

// NextRefresh is when RefreshDue will next name a bucket if nothing changes, the
// zero time if never: a table without contacts needs a bootstrap, not a refresh.
func (t *Table) NextRefresh() time.Time {
	cpl := t.nextRefresh()
	if cpl < 0 {
		return time.Time{}
	}
	return t.epoch.Add(t.buckets[cpl].refreshAt)
}

// unknown, in Table.due, says that the bucket due first must be searched for again.
const unknown = -2

// nextRefresh is the bucket that is due first, or -1 if the table is empty. It is kept,
// since it is asked for far more often than it changes.
func (t *Table) nextRefresh() int {
	if t.due == unknown {
		t.due = int16(t.searchNextRefresh())
	}
	return int(t.due)
}

func (t *Table) searchNextRefresh() int {
	deepest := t.deepest()
	if deepest < 0 {
		return -1
	}
	next := 0
	for i := 1; i <= deepest+1 && i < len(t.buckets); i++ {
		if t.buckets[i].refreshAt < t.buckets[next].refreshAt {
			next = i
		}
	}
	return next
}

// Farther names the buckets that a node refreshes after a join has looked up the node
// itself: all that are farther than its closest neighbour, farthest first (Kademlia,
// section 2.3; design R7.3).
func (t *Table) Farther() iter.Seq[int] {
	return func(yield func(int) bool) {
		for cpl := range max(t.deepest(), 0) {
			if !yield(cpl) {
				return
			}
		}
	}
}

// deepest is the bucket of the closest neighbour, or -1 if the table is empty.
func (t *Table) deepest() int {
	i := len(t.buckets) - 1
	for i >= 0 && t.buckets[i].contacts == 0 {
		i--
	}
	return i
}
