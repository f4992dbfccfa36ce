package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// lockOutPeriod is how long no lookup asks a peer outside the table after it failed
// (design R4.14).
const lockOutPeriod = time.Minute

// failureMemory is how long lookups set such a peer aside as soon as they ask it (design
// R5.27).
const failureMemory = 10 * time.Minute

// maxUnresponsive bounds the peers remembered as unresponsive (design R8.12).
const maxUnresponsive = 256

// unresponsive holds peers outside the routing table that did not answer, the oldest
// first. Without it each of several lookups in a row would wait for the same failed peer
// that others still name.
type unresponsive struct{ list *unresponsiveList } // nil until the first

type unresponsiveList struct {
	peers contactSet[identity.Contact]
	since time.Time       // when the first of them failed
	after []time.Duration // the time from since to the failure of each
}

// when is the time of the peer's last failure.
func (u unresponsive) when(c identity.Contact) (time.Time, bool) {
	if u.list == nil {
		return time.Time{}, false
	}
	i := u.list.peers.index(c)
	if i < 0 {
		return time.Time{}, false
	}
	return u.list.since.Add(u.list.after[i]), true
}

// add adds a peer that failed, and removes those that failed longer than
// failureMemory ago.
func (u *unresponsive) add(c identity.Contact, now time.Time) {
	u.forget(c)
	if u.list != nil {
		u.list.forgetOld(now)
	}
	if u.list == nil || len(u.list.after) == 0 {
		u.list = &unresponsiveList{since: now}
	}
	u.list.peers.add(c, maxUnresponsive)
	u.list.after = append(room(u.list.after, maxUnresponsive), now.Sub(u.list.since))
}

func (l *unresponsiveList) forgetOld(now time.Time) {
	over, passed := 0, now.Sub(l.since)
	for over < len(l.after) && passed-l.after[over] >= failureMemory {
		over++
	}
	if over == 0 && len(l.after) == maxUnresponsive {
		over = 1
	}
	l.remove(0, over)
}

// forget removes a peer that was heard.
func (u *unresponsive) forget(c identity.Contact) {
	if u.list == nil {
		return
	}
	if i := u.list.peers.index(c); i >= 0 {
		u.list.remove(i, i+1)
	}
}

func (l *unresponsiveList) remove(i, j int) {
	l.peers.remove(i, j)
	l.after = slices.Delete(l.after, i, j)
}

func (u unresponsive) each(f func(identity.Contact)) {
	if u.list == nil {
		return
	}
	for _, c := range u.list.peers.all {
		f(c)
	}
}
