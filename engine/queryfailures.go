package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Bounds of what is kept of peers that answer PINGs and not queries (design R8.45).
const (
	maxQueryFailures = 128
	maxShirkPeriod   = 64 * time.Minute
)

// queryFailures counts the queries of lookups in a row that a peer has not answered, or
// answered with a malformed body. They are counted apart from the failures of the routing
// table, which an answer to a PING forgives: who answers PINGs alone would otherwise hold up
// every lookup (design R4.38).
type queryFailures struct{ list *queryFailureList } // nil: there are none

// A queryFailureList has the peers by their first failure, the oldest first.
type queryFailureList struct {
	peers contactSet[identity.Contact]
	each  []shirker
	since time.Time // of the first of all
}

type shirker struct {
	at    uint32 // of the last failure, in seconds from since
	count uint8
	heard bool // since the last failure
}

func (q queryFailures) find(c identity.Contact) *shirker {
	if q.list == nil {
		return nil
	}
	if i := q.list.peers.index(c); i >= 0 {
		return &q.list.each[i]
	}
	return nil
}

// note notes a failure. A peer that was not heard since its last one may be gone, which the
// routing table judges: that is no second failure.
func (q *queryFailures) note(c identity.Contact, now time.Time, heard bool) {
	if s := q.find(c); s != nil {
		if s.at = q.list.seconds(now); s.heard || heard {
			s.count = min(s.count+1, 16)
		}
		s.heard = false
		return
	}
	if q.list == nil {
		q.list = &queryFailureList{since: now}
	}
	l := q.list
	for len(l.each) > 0 && l.age(&l.each[0], now) > 2*maxShirkPeriod || len(l.each) == maxQueryFailures {
		l.remove(0)
	}
	l.peers.add(c, maxQueryFailures)
	l.each = append(room(l.each, maxQueryFailures), shirker{at: l.seconds(now), count: 1})
}

func (l *queryFailureList) seconds(now time.Time) uint32 {
	return uint32(max(now.Sub(l.since), 0) / time.Second)
}

func (l *queryFailureList) age(s *shirker, now time.Time) time.Duration {
	return now.Sub(l.since.Add(time.Duration(s.at) * time.Second))
}

// heard notes that a peer is alive, and reports whether it shirks: it has failed twice or
// more.
func (q queryFailures) heard(c identity.Contact) (shirks bool) {
	s := q.find(c)
	if s == nil {
		return false
	}
	s.heard = true
	return s.count > 1
}

// forgive forgets the failures of a peer that has answered a query.
func (q *queryFailures) forgive(c identity.Contact) {
	if q.list == nil {
		return
	}
	if i := q.list.peers.index(c); i >= 0 {
		if q.list.remove(i); len(q.list.each) == 0 {
			q.list = nil
		}
	}
}

func (l *queryFailureList) remove(i int) {
	l.peers.remove(i, i+1)
	l.each = slices.Delete(l.each, i, i+1)
}

// lockedOut reports whether no lookup may ask a peer: for a minute after its second failure
// in a row, and four times as long after each further one, up to maxShirkPeriod.
func (q queryFailures) lockedOut(c identity.Contact, now time.Time) bool {
	s := q.find(c)
	return s != nil && s.count > 1 && q.list.age(s, now) < min(lockOutPeriod<<(2*(s.count-2)), maxShirkPeriod)
}

func (q queryFailures) len() int {
	if q.list == nil {
		return 0
	}
	return len(q.list.each)
}

func (q queryFailures) eachContact(f func(identity.Contact)) {
	if q.list == nil {
		return
	}
	for _, c := range q.list.peers.all {
		f(c)
	}
}

// queryFailed notes the failure of a request, if it was a query.
func (e *Engine) queryFailed(r *rpc.Request, heard bool) {
	if r.Message.Type.IsQuery() {
		e.counters.seldom().QueriesFailed++
		e.queryFailures.note(r.To, e.now, heard)
	}
}

// Malformed takes an authenticated answer whose body could not be decoded. The request has
// failed at once: the peer was reached, and a further try would bring the same (design
// R4.39).
func (e *Engine) Malformed(now time.Time, requestID uint64, fx []Effect) []Effect {
	e.enter(now, fx)
	if r, ok := e.requests.Answered(requestID); ok {
		e.counters.seldom().MalformedAnswers++
		r.Marks |= secondChance // there is none
		e.queryFailed(r, true)
		e.contactFailed(r.To)
		if a, ok := e.activities[r.Activity]; ok {
			a.failed(r)
		}
		e.recycle(r.Message)
	}
	return e.leave()
}
