package kadmium

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// The neighbours of a node that is closed drop it at once, ask it nothing any more, and
// what it held is still found.
func TestNeighboursOfANodeThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := []*Node{on(t, network, 1, Config{Mode: Server})}
		for i := 2; i <= 8; i++ {
			nodes = append(nodes, on(t, network, i, Config{Mode: Server, K: 4}, nodes[0]))
		}
		for i := range 10 {
			if _, err := nodes[i%8].Put(t.Context(), fmt.Sprintf("/v/%d", i), []byte("x"), PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		gone, left := nodes[3], append(nodes[:3:3], nodes[4:]...)
		for _, n := range left {
			for range 2 { // after a first contact alone the session is only half-open
				if _, err := n.Ping(t.Context(), gone.Addresses()[0]); err != nil {
					t.Fatal(err)
				}
			}
		}
		gone.Close()
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		for i, n := range left {
			if knows(n, gone.ID()) {
				t.Errorf("node %d still knows it", i)
			}
		}
		asked := 0
		network.Tap(func(_, to netip.AddrPort, _ []byte) {
			if to == gone.Addresses()[0].Endpoint {
				asked++
			}
		})
		for i := range 10 {
			for _, n := range left {
				if v, err := n.Get(t.Context(), fmt.Sprintf("/v/%d", i), GetOptions{}); err != nil || string(v.Value) != "x" {
					t.Errorf("/v/%d: %q, %v", i, v.Value, err)
				}
			}
		}
		time.Sleep(10 * time.Minute)
		if asked > 0 {
			t.Errorf("%d datagrams went to it", asked)
		}
	})
}

// Leaving and returning in a loop is handed the keys once, and lost on the way nothing.
func TestLeavingAndReturningInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		stay := []*Node{on(t, network, 1, Config{Mode: Server}), nil}
		stay[1] = on(t, network, 2, Config{Mode: Server}, stay[0])
		const keys = 20
		for i := range keys {
			if _, err := stay[0].Put(t.Context(), fmt.Sprintf("/v/%d", i), []byte("x"), PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		handed := func() (n uint64) {
			for _, s := range stay {
				n += s.Stats().Counters["handovers"]
			}
			return n
		}
		for round := range 20 {
			loop := on(t, network, 3, Config{Mode: Server, Key: identity.KeyFromSeed([32]byte{3})}, stay[0])
			time.Sleep(time.Minute)
			if held := loop.Stats().Records; round == 0 && held != keys {
				t.Errorf("%d of %d keys were handed over", held, keys)
			}
			loop.Close()
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if n := handed(); n != keys {
				t.Fatalf("round %d: %d keys handed over so far, want %d", round, n, keys)
			}
			for i, s := range stay {
				if knows(s, loop.ID()) {
					t.Fatalf("round %d: node %d still knows it", round, i)
				}
			}
		}
		time.Sleep(time.Hour)
		on(t, network, 3, Config{Mode: Server, Key: identity.KeyFromSeed([32]byte{3})}, stay[0])
		time.Sleep(time.Minute)
		if n := handed(); n != 2*keys {
			t.Errorf("an hour later %d keys were handed over in all, want %d", n, 2*keys)
		}
	})
}
