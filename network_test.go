package kadmium

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// trueClosest are the IDs of the k nodes nearest to a target, not counting one.
func trueClosest(nodes []*Node, target identity.Position, k int, not *Node) []identity.ID {
	var all []identity.ID
	for _, n := range nodes {
		if n != not {
			all = append(all, n.ID())
		}
	}
	slices.SortFunc(all, func(a, b identity.ID) int {
		pa, pb := a.Position(), b.Position()
		return identity.Compare(&target, &pa, &pb)
	})
	return all[:min(k, len(all))]
}

func peerIDs(peers []Peer) []identity.ID {
	var all []identity.ID
	for _, p := range peers {
		all = append(all, p.ID)
	}
	return all
}

func randomPosition(rnd *rand.Rand) (p identity.Position) {
	for i := range p {
		p[i] = byte(rnd.Uint32())
	}
	return p
}

// Fifty nodes on real loopback sockets converge: every lookup from every node
// returns exactly the true 20 closest, puts reach 20 holders, each of 50 gets
// returns its value, and with half the nodes gone every value is still found.
func TestFiftyNodesOnLoopback(t *testing.T) {
	nodes := []*Node{start(t, Config{Mode: Server})}
	for range 49 {
		nodes = append(nodes, start(t, Config{Mode: Server}, nodes[0]))
	}
	rnd := rand.New(rand.NewPCG(1, 50))
	for i, n := range nodes {
		for range 2 {
			target := randomPosition(rnd)
			r, err := n.Closest(t.Context(), target)
			if err != nil {
				t.Fatalf("node %d: %v", i, err)
			}
			if got, want := peerIDs(r.Peers), trueClosest(nodes, target, DefaultK, n); !slices.Equal(got, want) {
				t.Errorf("node %d found %v, the closest are %v", i, got, want)
			}
		}
	}
	keys := make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprintf("/v/key %d", i)
		r, err := nodes[i].Put(t.Context(), keys[i], []byte(keys[i]), PutOptions{})
		if err != nil || r.Holders != DefaultK {
			t.Fatalf("%s: %d holders, %v", keys[i], r.Holders, err)
		}
	}
	for i := range 50 {
		key := keys[rnd.IntN(len(keys))]
		if v, err := nodes[i].Get(t.Context(), key, GetOptions{}); err != nil || string(v.Value) != key {
			t.Errorf("node %d: get %s: %q, %v", i, key, v.Value, err)
		}
	}
	rnd.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	for _, n := range nodes[25:] {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	var lookups sync.WaitGroup
	for i, key := range keys {
		lookups.Go(func() {
			if v, err := nodes[i%25].Get(t.Context(), key, GetOptions{}); err != nil || string(v.Value) != key {
				t.Errorf("with half the nodes gone: get %s: %q, %v", key, v.Value, err)
			}
		})
	}
	lookups.Wait()
}

// With 10 % of datagrams lost, 10 % duplicated and 10 % reordered at least 99 % of
// lookups return the closest live node, and 99 % of gets the value: sessions,
// handshakes and retransmission included.
func TestLossyDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(3, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := servers(t, network, 30)
		network.Set(memnet.Conditions{Latency: 10 * time.Millisecond, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1})
		rnd := rand.New(rand.NewPCG(2, 30))
		const tries = 400
		// Where one of a hundred misses on average, chance brings up to ten in 400 tries
		// (three standard deviations above four).
		const most = 10
		closest, found := 0, 0
		for i := range tries {
			n := nodes[rnd.IntN(len(nodes))]
			target := randomPosition(rnd)
			r, err := n.Closest(t.Context(), target)
			if err == nil && r.Peers[0].ID == trueClosest(nodes, target, 1, n)[0] {
				closest++
			}
			key := fmt.Sprintf("/v/%d", i)
			if _, err := n.Put(t.Context(), key, []byte(key), PutOptions{Ephemeral: true}); err != nil {
				t.Errorf("put: %v", err)
			}
			v, err := nodes[rnd.IntN(len(nodes))].Get(t.Context(), key, GetOptions{})
			if err == nil && string(v.Value) == key {
				found++
			}
		}
		t.Logf("of %d: %d lookups returned the closest node, %d gets the value", tries, closest, found)
		if tries-closest > most || found*100 < tries*99 {
			t.Errorf("of %d only %d lookups returned the closest node, %d gets the value", tries, closest, found)
		}
	})
}

// A node behind a NAT whose port is rebound is found again within one lookup, by
// its next word to anybody.
func TestNATRebinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(4, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := servers(t, network, 5)
		nat, err := network.NAT(netip.MustParseAddr("21.0.0.1"))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := nat.Listen(netip.MustParseAddrPort("10.0.0.2:4100"))
		if err != nil {
			t.Fatal(err)
		}
		inside := start(t, Config{Mode: Client, Conns: []net.PacketConn{conn}}, nodes[0])
		if _, err := inside.Put(t.Context(), "/v/before", []byte("x"), PutOptions{}); err != nil {
			t.Fatal(err)
		}
		nat.Rebind()
		r, err := inside.Put(t.Context(), "/v/after", []byte("x"), PutOptions{})
		if err != nil || r.Holders != len(nodes) {
			t.Errorf("after the rebinding: %d holders, %v", r.Holders, err)
		}
	})
}
