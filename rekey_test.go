package kadmium

import (
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// Rekey has a node make first contact with each peer again, once, and loses nothing
// that is under way.
func TestRekey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		three := on(t, network, 3, Config{Mode: Server}, one)
		for range 2 { // all know one another, and hold sessions
			for _, n := range []*Node{one, two, three} {
				if _, err := n.Closest(t.Context(), one.ID().Position()); err != nil {
					t.Fatal(err)
				}
			}
		}
		firsts := func() uint64 { return three.Stats().Wire.Out["first request"].Datagrams }
		before := firsts()
		for range 2 {
			if _, err := three.Closest(t.Context(), one.ID().Position()); err != nil {
				t.Fatal(err)
			}
		}
		if got := firsts() - before; got != 0 {
			t.Fatalf("%d first requests to peers that there are sessions with", got)
		}

		three.Rekey()
		for range 2 {
			if _, err := three.Closest(t.Context(), one.ID().Position()); err != nil {
				t.Fatal(err)
			}
		}
		if got := firsts() - before; got != 2 {
			t.Errorf("%d first requests to two peers after Rekey", got)
		}
	})
}

// A put survives Rekey at whatever moment of it.
func TestRekeyDuringAPut(t *testing.T) {
	for after := time.Duration(0); after < 100*time.Millisecond; after += 5 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
			one := on(t, network, 1, Config{Mode: Server})
			two := on(t, network, 2, Config{Mode: Server}, one)
			three := on(t, network, 3, Config{Mode: Server}, one)
			began := time.Now()
			rekey := time.AfterFunc(after, func() {
				for _, n := range []*Node{one, two, three} {
					n.Rekey()
				}
			})
			defer rekey.Stop()
			stored, err := three.Put(t.Context(), "/v/k", []byte("v"), PutOptions{})
			if err != nil || stored.Holders != 3 {
				t.Errorf("Rekey after %v: %d holders, %v", after, stored.Holders, err)
			}
			if restarts := three.Stats().Wire.Restarts; restarts != 0 {
				t.Errorf("Rekey after %v: %d requests started again", after, restarts)
			}
			if took := time.Since(began); took > 200*time.Millisecond {
				t.Errorf("Rekey after %v: the put took %v, longer than any request's timeout", after, took)
			}
		})
	}
}
