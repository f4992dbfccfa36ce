package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Where of 40 nodes one dies each 4 s, and another comes, puts take no longer than 1.5 s.
func TestPutsAmongNodesThatDie(t *testing.T) {
	n := newNetwork(t, 73)
	n.grow(40, nil)
	writer := n.nodes[3]
	var puts []time.Duration
	for i := range 100 {
		for range 2 {
			up := n.live()
			if dies := up[1+n.rnd.IntN(len(up)-1)]; dies != writer {
				dies.up = false
			}
			nd := n.add(nil)
			nd.begin(func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) })
			n.run(4 * time.Second)
		}
		began := n.now
		if r := writer.put(PutQuery{Key: fmt.Appendf(nil, "/v/%d", i), Value: []byte("x")}); r.Err != nil {
			t.Error(r.Err)
		}
		puts = append(puts, n.now.Sub(began))
	}
	t.Logf("p95: put %v", p95(puts))
	if got := p95(puts); got > 1500*time.Millisecond {
		t.Errorf("p95 is %v: %v", got, puts)
	}
}

// A holder that confirms nothing is replaced by the next closest that answered, and does not
// hold up the put; where nobody is left, the put ends after its second try (design R6.44).
func TestLateHolderIsReplaced(t *testing.T) {
	for _, test := range []struct {
		nodes int
		most  time.Duration
	}{{60, 700 * time.Millisecond}, {18, 1700 * time.Millisecond}} {
		n := newNetwork(t, 75)
		n.grow(test.nodes, func(c *Config) { c.K = 8 })
		if test.nodes == 18 {
			n = newNetwork(t, 75)
			n.grow(test.nodes, nil)
		}
		writer := n.nodes[3]
		for i := range 30 {
			key := fmt.Appendf(nil, "/v/%d", i)
			mute := n.nearest(identity.KeyPosition(key), 2, writer)[1]
			asked := false
			n.lose = func(_, to *node, m *rpc.Message) bool {
				lost := to == mute && m.Type == rpc.Store && !m.Response
				asked = asked || lost
				return lost
			}
			began := n.now
			r := writer.put(PutQuery{Key: key, Value: []byte("x")})
			took := n.now.Sub(began)
			if want := min(writer.e.cfg.K, test.nodes-1) - 1; r.Err != nil || took > test.most || r.Holders < want {
				t.Errorf("put %d among %d nodes: %v, %d holders after %v", i, test.nodes, r.Err, r.Holders, took)
			}
			if asked && !slices.ContainsFunc(r.Refusals, func(r Refusal) bool { return r.Silent && r.Peer.ID == mute.address.ID }) {
				t.Errorf("put %d: %v do not name the one that did not confirm", i, r.Refusals)
			}
			n.run(10 * time.Second)
		}
		if writer.e.counters.all().LateHolders == 0 {
			t.Error("none counts as late")
		}
	}
}
