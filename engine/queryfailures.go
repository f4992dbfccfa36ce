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
	maxFailedOnce    = maxQueryFailures / 4 // of peers not heard since, if there is no room for more
	maxShirkPeriod   = 64 * time.Minute

	shortShirkPeriods = 8
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
	at      uint32 // of the last failure, in seconds from since
	heardAt uint32 // at or before the last failure
	count   uint8
	heard   bool // since the last failure
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

// note notes a failure. A peer that was not heard since its first one may be gone, which the
// routing table judges: that is no second failure.
func (q *queryFailures) note(c identity.Contact, now time.Time, heard bool) {
	if s := q.find(c); s != nil {
		s.at = q.list.seconds(now)
		heard = heard || s.heard
		if heard {
			s.heardAt = s.at
		}
		if heard || s.count > 1 {
			s.count = min(s.count+1, 16)
		}
		s.heard = false
		return
	}
	if q.list == nil {
		q.list = &queryFailureList{since: now}
	}
	l := q.list
	for len(l.each) > 0 && l.gone(&l.each[0], now) {
		l.remove(0)
	}
	if len(l.each) == maxQueryFailures {
		l.remove(l.displaced())
	}
	l.peers.add(c, maxQueryFailures)
	at := l.seconds(now)
	l.each = append(room(l.each, maxQueryFailures), shirker{at: at, heardAt: at, count: 1})
}

// displaced is the place of the peer that one more displaces (design R8.45). Many peers that
// are gone let no other back that is locked out.
func (l *queryFailureList) displaced() (oldest int) {
	once := 0
	for i := range l.each {
		if s := &l.each[i]; s.count == 1 && !s.heard {
			if once++; once == 1 {
				oldest = i
			}
		}
	}
	if once < maxFailedOnce {
		return 0
	}
	return oldest
}

func (l *queryFailureList) seconds(now time.Time) uint32 {
	return uint32(max(now.Sub(l.since), 0) / time.Second)
}

func (l *queryFailureList) when(seconds uint32) time.Time {
	return l.since.Add(time.Duration(seconds) * time.Second)
}

// gone reports whether a peer was not heard for so long that it is forgotten.
func (l *queryFailureList) gone(s *shirker, now time.Time) bool {
	return !s.heard && now.Sub(l.when(s.heardAt)) > 2*maxShirkPeriod
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

// lockedOut reports whether no lookup may ask a peer: from its second failure in a row until
// it answers a query, which this node asks it aside.
func (q queryFailures) lockedOut(c identity.Contact) bool {
	s := q.find(c)
	return s != nil && s.count > 1
}

// due is when a locked out peer is asked again. Where datagrams are lost, one that is asked
// seldom may fail often in a row, so the interval is short at first.
func (l *queryFailureList) due(s *shirker) time.Time {
	return l.when(s.at).Add(min(lockOutPeriod<<max(0, int(s.count)-shortShirkPeriods), maxShirkPeriod))
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

// wantsQueryAgain is when the first of the locked out peers is asked again.
func (e *Engine) wantsQueryAgain() (at time.Time) {
	l := e.queryFailures.list
	if l == nil || !e.mayMaintain() {
		return at
	}
	for i := range l.each {
		if l.each[i].count > 1 {
			at = earlier(at, l.due(&l.each[i]))
		}
	}
	return at
}

// queryAgain asks a locked out peer what a lookup would ask, for nobody: an answer lets it
// back. One that was not heard for long is forgotten.
func (e *Engine) queryAgain() {
	l := e.queryFailures.list
	for i := range l.each {
		s := &l.each[i]
		if s.count < 2 || l.due(s).After(e.now) {
			continue
		}
		c := l.peers.all[i]
		if l.gone(s, e.now) {
			e.queryFailures.forgive(c)
			return
		}
		s.at = l.seconds(e.now) // not asked again while this request is under way
		m := e.newRequest(rpc.FindNode)
		m.Target, m.Families = e.cfg.Position, e.cfg.Families
		e.ask(nobody, c, m)
		return
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
