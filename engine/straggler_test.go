package engine

import (
	"fmt"
	"net/netip"
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

// Silent peers that liars invent near a target cost a lookup six datagrams to one subnet, and
// little more than W (design R5.21, R5.27).
func TestInventedSilentPeers(t *testing.T) {
	for _, c := range []struct {
		liars, subnets int
		most           time.Duration // p95
	}{
		{1, 1, 300 * time.Millisecond}, {3, 1, 300 * time.Millisecond}, {10, 1, 300 * time.Millisecond},
		{1, 20, 500 * time.Millisecond}, {3, 20, 1200 * time.Millisecond}, {10, 20, 1200 * time.Millisecond},
		{1, 1000, 500 * time.Millisecond}, {3, 1000, 1800 * time.Millisecond}, {10, 1000, 4 * time.Second},
	} {
		liars, subnets := c.liars, c.subnets
		t.Run(fmt.Sprintf("%d liars, %d subnets", liars, subnets), func(t *testing.T) {
			n := newNetwork(t, 75)
			n.grow(18+liars, nil)
			asker, named := n.nodes[3], 0
			var target identity.Position
			n.forge = func(from, _ *node, m *rpc.Message) {
				if !m.Response || m.Type != rpc.FindNode || !slices.Contains(n.nodes[5:5+liars], from) {
					return
				}
				m.Contacts = nil
				for range 20 {
					named++
					at := netip.AddrFrom4([4]byte{203, byte(named % subnets >> 8), byte(named % subnets), byte(named)})
					m.Contacts = append(m.Contacts, n.book.Intern(identity.Address{ID: near(target, named), Endpoint: netip.AddrPortFrom(at, 4100)}))
				}
			}
			toSubnet := make(map[netip.Prefix]int)
			asker.sent = func(f Effect) {
				if to := n.book.Address(f.To).Endpoint.Addr(); to.As4()[0] == 203 {
					toSubnet[identity.Subnet(to)]++
				}
			}
			var took []time.Duration
			most, all := 0, 0
			for range 30 {
				clear(toSubnet)
				target = randomTarget(n.rnd)
				began := n.now
				if r := asker.closest(target); r.Err != nil {
					t.Error(r.Err)
				}
				took = append(took, n.now.Sub(began))
				n.run(10 * time.Second)
				for _, sent := range toSubnet {
					most, all = max(most, sent), all+sent
				}
			}
			t.Logf("p95 from the tenth lookup on %v, W %v; %d datagrams to one subnet at most, %d a lookup to all", p95(took[10:]), asker.e.lateAfter(), most, all/30)
			if most > 2*rpc.MaxTries || p95(took[10:]) > c.most {
				t.Errorf("%d datagrams to one subnet, p95 %v, want at most %v", most, p95(took[10:]), c.most)
			}
		})
	}
}
