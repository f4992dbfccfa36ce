package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/rpc"
)

// Whatever is noted, the counters stay small, and give the same answer as counters
// without a limit that are halved by the same rule.
func TestRetryPolicyIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r retryPolicy
		late, lost := 0, 0
		for _, answered := range rapid.SliceOfN(rapid.Bool(), 0, 400).Draw(t, "answered late") {
			if answered {
				late++
				r.note(&r.late)
			} else {
				lost++
				r.note(&r.lost)
			}
			if late+lost >= 64 {
				late, lost = late/2, lost/2
			}
			pays := late+lost < 16 || late >= (late+lost)/8
			if int(r.late) != late || int(r.lost) != lost || r.pays() != pays {
				t.Fatalf("%+v pays: %v; want %d late, %d lost, %v", r, r.pays(), late, lost, pays)
			}
		}
	})
}

// live lets a retry policy learn from reads of which each try may be lost by chance and
// some go to failed peers. It returns the share of them that might be sent a third time.
func (r *retryPolicy) live(rnd *rand.Rand, requests int, loss, failed float64) float64 {
	paid := 0
	for range requests {
		tries := 2
		if r.pays() {
			tries, paid = 3, paid+1
		}
		answeredAt, gone := 0, rnd.Float64() < failed
		for try := 1; try <= tries && answeredAt == 0 && !gone; try++ {
			if rnd.Float64() >= loss {
				answeredAt = try
			}
		}
		switch answeredAt {
		case 0:
			r.note(&r.lost)
		case 1:
		default:
			r.note(&r.late)
		}
	}
	return float64(paid) / float64(requests)
}

// Where one datagram in ten is lost each way, and so one try in five, third tries go on
// to pay. Where nothing is lost and peers fail they soon do not, until datagrams are lost
// again.
func TestThirdTriesPayWhereDatagramsAreLost(t *testing.T) {
	const lossy = 1 - 0.9*0.9
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var r retryPolicy
		if paid := r.live(rnd, 2000, lossy, 0); paid < 1 {
			t.Errorf("with loss a third try pays %.1f %% of the time", 100*paid)
		}
		r.live(rnd, 500, 0, 0.4)
		if paid := r.live(rnd, 2000, 0, 0.4); paid > 0.01 {
			t.Errorf("with failed peers and no loss it pays %.1f %% of the time", 100*paid)
		}
		r.live(rnd, 200, lossy, 0)
		if paid := r.live(rnd, 2000, lossy, 0); paid < 0.99 {
			t.Errorf("after loss came it pays %.1f %% of the time", 100*paid)
		}
	}
}

var doesNotPay, pays = retryPolicy{lost: 40}, retryPolicy{late: 20, lost: 20}

// A read is sent a third time, and an unresponsive peer gets a second request, only where
// repeats have brought answers (design R3.14, R5.9). The last try, whichever it is, is a
// first contact.
func TestReadsAreRepeatedWhereItPays(t *testing.T) {
	for name, c := range map[string]struct {
		learnt retryPolicy
		sends  int // to each peer, of all requests
	}{"pays": {pays, 2 * rpc.MaxTries}, "does not pay": {doesNotPay, rpc.MaxTries - 1}} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, 76)
			n.grow(12, nil)
			nd, failed := n.nodes[5], n.nodes[8]
			nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, failed.address, nil) }) // it is measured
			n.lose = func(_, to *node, _ *rpc.Message) bool { return to == failed }
			nd.e.retries = c.learnt
			var fresh []bool
			nd.sent = func(f Effect) {
				if n.book.Address(f.To) == failed.address && f.Message.Type == rpc.FindNode {
					fresh = append(fresh, f.FirstContact)
				}
			}
			nd.closest(failed.address.ID.Position())
			if len(fresh) != c.sends || !fresh[len(fresh)-1] || fresh[0] {
				t.Errorf("as first contacts: %v, want %d sends", fresh, c.sends)
			}
		})
	}
}

// A write goes to peers that have just answered, and is sent up to three times whatever
// was learnt (design R3.15).
func TestWritesAreAlwaysSentThreeTimes(t *testing.T) {
	n := newNetwork(t, 77)
	n.grow(5, nil)
	nd, deaf := n.nodes[1], n.nodes[3]
	n.lose = func(_, to *node, m *rpc.Message) bool { return to == deaf && m.Type == rpc.Store }
	nd.e.retries = doesNotPay
	sends := 0
	nd.sent = func(f Effect) {
		if n.book.Address(f.To) == deaf.address && f.Message.Type == rpc.Store {
			sends++
		}
	}
	if r := nd.put(PutQuery{Key: []byte("/v/k"), Value: []byte("x")}); r.Holders != 4 || sends != rpc.MaxTries {
		t.Errorf("%d holders; the deaf one was sent %d STOREs", r.Holders, sends)
	}
}

// An engine learns from its own requests: from those answered at the second try, and from
// those never answered while others are heard.
func TestEngineLearnsToPersist(t *testing.T) {
	n := newNetwork(t, 78)
	n.grow(5, nil)
	nd, failed := n.nodes[1], n.nodes[3]
	ping := func(to *node) {
		nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, to.address, nil) })
	}
	before, first := nd.e.retries, true
	n.lose = func(_, to *node, m *rpc.Message) bool {
		lose := to == n.nodes[2] && m.Type == rpc.Ping && first
		first = first && !lose
		return lose
	}
	ping(n.nodes[2])
	if got := nd.e.retries; got.late != before.late+1 || got.lost != before.lost {
		t.Errorf("answered at the second try: %+v, before %+v", got, before)
	}
	failed.up = false
	for range 40 {
		ping(failed)
	}
	if nd.e.retries.pays() {
		t.Errorf("the failed peers were asked forty times, and it still pays: %+v", nd.e.retries)
	}
}

// The first timeout of a peer that was not measured is what peers usually need; that of a
// measured peer is its own (design R3.13).
func TestUnmeasuredPeersAreWaitedForAsLongAsUsual(t *testing.T) {
	x := newCrowd(3)
	e := x.engine(Server)
	known, stranger := x.contacts[1], x.contacts[2]
	want := func(when string, c identity.Contact, want time.Duration) {
		t.Helper()
		if got := e.rto(c); got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	want("nothing measured", stranger, 500*time.Millisecond)
	answer := func(rtt time.Duration) {
		e.enter(epoch, nil)
		m := e.newRequest(rpc.Ping)
		e.ask(nobody, known, m)
		e.Receive(epoch.Add(rtt), &Inbound{From: known, Message: &rpc.Message{Type: rpc.Ping, ID: m.ID, Response: true}, Proven: true}, nil)
	}
	for range 60 {
		answer(20 * time.Millisecond)
	}
	want("peers are near", known, 100*time.Millisecond)
	want("peers are near", stranger, 200*time.Millisecond)
	for range 60 {
		answer(300 * time.Millisecond)
	}
	if got := e.rto(stranger); got < 300*time.Millisecond || got > 400*time.Millisecond {
		t.Errorf("peers take 300 ms: %v", got)
	}
	for range 60 {
		answer(2 * time.Second)
	}
	want("peers are far", stranger, 500*time.Millisecond)
}
