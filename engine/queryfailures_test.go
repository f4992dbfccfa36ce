package engine

import (
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// muteQueries has a node answer PINGs and drop the answers to queries. With garbled set
// they come, and cannot be decoded.
func (n *network) muteQueries(mute *node, garbled bool) {
	n.lose = func(from, to *node, m *rpc.Message) bool {
		if from != mute || !m.Response || !m.Type.IsQuery() {
			return false
		}
		if garbled {
			id := m.ID
			n.after(n.latency, func() { to.run(to.e.Malformed(n.now, id, nil)) })
		}
		return true
	}
}

// muteOperations is how long each of 20 lookups takes, 10 s apart, in a network of 18 nodes
// with one that answers PINGs alone.
func muteOperations(t *testing.T, garbled bool) (n *network, asker *node, took []time.Duration) {
	n = newNetwork(t, 71)
	n.grow(18, nil)
	mute := n.nodes[9]
	n.muteQueries(mute, garbled)
	asker = n.nodes[3]
	for range 20 {
		began := n.now
		asker.closest(randomTarget(n.rnd))
		took = append(took, n.now.Sub(began))
		n.run(10 * time.Second)
	}
	return n, asker, took
}

// A peer that answers PINGs and drops queries is asked by no lookup after its second
// failure, for a minute, then four, then sixteen: its answers to PINGs forgive nothing.
func TestPeerThatAnswersPingsAlone(t *testing.T) {
	_, asker, took := muteOperations(t, false)
	slow := 0
	for _, d := range took {
		if d > 500*time.Millisecond {
			slow++
		}
	}
	if failed := asker.e.counters.all().QueriesFailed; slow > 5 || failed == 0 {
		t.Errorf("%d of 20 lookups took more than 500 ms, %d failures of queries: %v", slow, failed, took)
	}
}

// An answer that cannot be decoded ends its request at once.
func TestMalformedAnswerIsAFailure(t *testing.T) {
	n, asker, took := muteOperations(t, true)
	for i, d := range took {
		if d > 500*time.Millisecond {
			t.Errorf("lookup %d took %v", i, d)
		}
	}
	counters := asker.e.counters.all()
	if counters.MalformedAnswers == 0 || counters.QueriesFailed < counters.MalformedAnswers {
		t.Errorf("%d malformed answers, %d failures of queries", counters.MalformedAnswers, counters.QueriesFailed)
	}
	if asker.run(asker.e.Malformed(n.now, 1, nil)); asker.e.counters.all().MalformedAnswers != counters.MalformedAnswers {
		t.Error("an answer to no request counts")
	}
}

// A peer whose queries were lost for a while, as in an outage, is asked by lookups again
// within two minutes, although none of them asks it meanwhile.
func TestPeerIsLetBack(t *testing.T) {
	n, asker, _ := muteOperations(t, false)
	mute := n.nodes[9]
	out := func() bool { return asker.e.lockedOut(n.book.Intern(mute.address)) }
	if !out() {
		t.Fatal("it is not locked out")
	}
	n.lose = nil
	n.run(2 * time.Minute)
	if out() {
		t.Error("it is locked out after two minutes in which it would have answered")
	}
}

// What is kept of failures is bounded, ends with an answer to a query, and counts no failure
// of a peer that was not heard since the first.
func TestQueryFailures(t *testing.T) {
	var q queryFailures
	now := epoch
	for range 5 {
		q.note(1, now, false)
	}
	if q.lockedOut(1) || q.heard(1) {
		t.Error("a peer that is gone counts as one that shirks")
	}
	for i := range 15 {
		q.note(1, now, false)
		want := min(time.Minute<<max(0, i+2-shortShirkPeriods), time.Hour+4*time.Minute)
		if due := q.list.due(q.find(1)).Sub(now); !q.lockedOut(1) || due != want {
			t.Errorf("failure %d: asked again after %v, want %v", i+2, due, want)
		}
	}
	if l := q.list; l.gone(q.find(1), now.Add(2*maxShirkPeriod)) || !l.gone(q.find(1), now.Add(2*maxShirkPeriod+time.Second)) {
		t.Error("not forgotten two hours after it was heard")
	}
	if q.forgive(1); q.list != nil {
		t.Error("an answer to a query forgives nothing")
	}
	for c := range identity.Contact(2 * maxQueryFailures) {
		q.note(c+1, now, true)
	}
	if q.len() != maxQueryFailures || q.find(1) != nil || q.find(2*maxQueryFailures) == nil {
		t.Errorf("%d peers are kept", q.len())
	}
}

// Peers that are gone displace none that is locked out, as long as a quarter of the places is
// theirs; so much is left to those that fail for the first time.
func TestQueryFailuresOfPeersThatAreGone(t *testing.T) {
	const (
		lockedOut = maxQueryFailures - maxFailedOnce
		gone      = identity.Contact(1000)
	)
	var q queryFailures
	out := func(from, to identity.Contact) (n int) {
		for c := from; c < to; c++ {
			if q.lockedOut(c) {
				n++
			}
		}
		return n
	}
	twice := func(from, to identity.Contact) {
		for c := from; c < to; c++ {
			q.note(c, epoch, true)
			q.note(c, epoch, true)
		}
	}
	twice(1, 1+lockedOut)
	for c := range identity.Contact(2 * maxQueryFailures) {
		q.note(gone+c, epoch, false)
	}
	if n := out(1, 1+lockedOut); n != lockedOut || q.len() != maxQueryFailures {
		t.Errorf("%d of %d are locked out, %d peers are kept", n, lockedOut, q.len())
	}
	if q.find(gone+2*maxQueryFailures-maxFailedOnce-1) != nil || q.find(gone+2*maxQueryFailures-1) == nil {
		t.Error("it is not the first that was forgotten")
	}
	twice(1+lockedOut, 500)
	for c := range identity.Contact(maxFailedOnce) {
		q.note(gone+c, epoch, false)
	}
	if twice(gone, gone+maxFailedOnce); out(gone, gone+maxFailedOnce) != maxFailedOnce || q.len() != maxQueryFailures {
		t.Errorf("%d that fail for the first time count, %d peers are kept", out(gone, gone+maxFailedOnce), q.len())
	}
}
