package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// drip has the first so many nodes answer PINGs and writes at once, and queries after delay;
// 0: never.
func (n *network) drip(drips []*node, delay time.Duration) {
	slow := func(from *node, m *rpc.Message) bool {
		return m.Response && m.Type.IsQuery() && slices.Contains(drips, from)
	}
	n.lose = func(from, _ *node, m *rpc.Message) bool { return delay == 0 && slow(from, m) }
	n.lateOf = func(from, _ *node, m *rpc.Message) time.Duration {
		if slow(from, m) {
			return delay
		}
		return 0
	}
}

// p95 is the time that 19 of 20 do not exceed.
func p95(took []time.Duration) time.Duration {
	took = slices.Clone(took)
	slices.Sort(took)
	return took[(len(took)*19+19)/20-1]
}

// Among 17 honest peers and some that drop queries or answer them after 8.3 s, lookups and
// puts are fast from the tenth operation on (design R5.27).
func TestOperationsAmongStragglers(t *testing.T) {
	for _, delay := range []time.Duration{0, 700 * time.Millisecond, 3 * time.Second, 8300 * time.Millisecond} {
		for _, count := range []int{1, 3, 10} {
			t.Run(fmt.Sprintf("%d after %v", count, delay), func(t *testing.T) {
				n := newNetwork(t, 72)
				n.grow(18+count, nil)
				n.drip(n.nodes[5:5+count], delay)
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
				t.Logf("p95: closest %v, put %v", p95(closest[5:]), p95(puts[5:]))
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
