package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// shirks has some nodes answer PINGs and writes at once, and queries late, by what late says
// of each answer; never where it says so.
func (n *network) shirks(those []*node, late func(from, to *node, m *rpc.Message) (by time.Duration, never bool)) {
	slow := func(from *node, m *rpc.Message) bool {
		return m.Response && m.Type.IsQuery() && slices.Contains(those, from)
	}
	n.lose = func(from, to *node, m *rpc.Message) (lost bool) {
		if slow(from, m) {
			_, lost = late(from, to, m)
		}
		return lost
	}
	n.lateOf = func(from, to *node, m *rpc.Message) (by time.Duration) {
		if slow(from, m) {
			by, _ = late(from, to, m)
		}
		return by
	}
}

// shirkers are ways to hold up who asks.
var shirkers = []struct {
	name  string
	begin func(n *network, those []*node)
}{
	{"drop queries", func(n *network, those []*node) {
		n.shirks(those, func(_, _ *node, _ *rpc.Message) (time.Duration, bool) { return 0, true })
	}},
	{"garble their answers", func(n *network, those []*node) {
		n.shirks(those, func(_, to *node, m *rpc.Message) (time.Duration, bool) {
			id := m.ID
			n.after(n.latency, func() { to.run(to.e.Malformed(n.now, id, nil)) })
			return 0, true
		})
	}},
	{"answer after 700 ms", answerAfter(700 * time.Millisecond)},
	{"answer after 3 s", answerAfter(3 * time.Second)},
	{"answer after 8.3 s", answerAfter(8300 * time.Millisecond)},
	{"answer the second try", func(n *network, those []*node) {
		tries := make(map[uint64]int)
		n.shirks(those, func(_, _ *node, m *rpc.Message) (time.Duration, bool) {
			tries[m.ID]++ // twice for one that arrives
			return 0, tries[m.ID] == 1
		})
	}},
	{"answer after 0.9 of the time-out", func(n *network, those []*node) {
		n.shirks(those, func(from, to *node, m *rpc.Message) (time.Duration, bool) {
			timeout := to.e.firstTimeout(n.book.Intern(from.address), m.Type)
			return timeout*9/10 - 2*n.latency, false
		})
	}},
}

func answerAfter(delay time.Duration) func(*network, []*node) {
	return func(n *network, those []*node) {
		n.shirks(those, func(_, _ *node, _ *rpc.Message) (time.Duration, bool) { return delay, false })
	}
}

// p95 is the time that 19 of 20 do not exceed.
func p95(took []time.Duration) time.Duration {
	took = slices.Clone(took)
	slices.Sort(took)
	return took[(len(took)*19+19)/20-1]
}

// Among 17 honest peers and some that answer PINGs, and shirk queries, lookups and puts are
// fast from the tenth operation on (design R5.27, R4.38, R4.39).
func TestOperationsAmongStragglers(t *testing.T) {
	for _, kind := range shirkers {
		for _, count := range []int{1, 3, 10} {
			t.Run(fmt.Sprint(count, " that ", kind.name), func(t *testing.T) {
				n := newNetwork(t, 72)
				n.grow(18+count, nil)
				kind.begin(n, n.nodes[5:5+count])
				asker := n.nodes[3]
				var closest, puts []time.Duration
				for i := range 60 {
					began := n.now
					if i%2 == 0 {
						asker.closest(randomTarget(n.rnd))
						closest = append(closest, n.now.Sub(began))
					} else {
						if r := asker.put(PutQuery{Key: fmt.Appendf(nil, "/v/%d", i), Value: []byte("x")}); r.Err != nil {
							t.Error(r.Err)
						}
						puts = append(puts, n.now.Sub(began))
					}
					n.run(10 * time.Second)
				}
				t.Logf("p95 from the tenth operation on: closest %v, put %v", p95(closest[5:]), p95(puts[5:]))
				if got := max(p95(closest[5:]), p95(puts[5:])); got > 500*time.Millisecond {
					t.Errorf("p95 is %v:\n%v\n%v", got, closest, puts)
				}
			})
		}
	}
}

// W is a multiple of the median of subnets, within bounds.
func TestLateAfter(t *testing.T) {
	n := newNetwork(t, 74)
	n.latency = 100 * time.Millisecond
	n.grow(30, nil)
	nd := n.nodes[3]
	for range 5 {
		nd.closest(randomTarget(n.rnd))
	}
	if got := nd.e.lateAfter(); got != 600*time.Millisecond {
		t.Errorf("W is %v where round trips take 200 ms", got)
	}
	var one identity.Contact
	nd.e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) { one = c })
	rtt := nd.e.rtts.of(one)
	for range 100 {
		rtt.Sample(15 * time.Second)
	}
	if nd.e.rtts.set(one, rtt); nd.e.lateAfter() != 600*time.Millisecond {
		t.Errorf("W is %v with one that is slow", nd.e.lateAfter())
	}
}
