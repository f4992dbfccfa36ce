package kadmium

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport/memnet"
)

// hold puts a record into one node's store, past the protocol.
func hold(t *testing.T, n *Node, key, value string, sequence uint64) {
	t.Helper()
	r := &rpc.Record{Key: []byte(key), Value: []byte(value), Sequence: sequence, TTL: time.Hour}
	var status rpc.Status
	n.driver.View(func(e *engine.Engine) {
		status, _ = e.Store().Put(n.clock.Now(), r, identity.NetGroup{}, nil, 0, rand.New(rand.NewPCG(1, 2)))
	})
	if status != rpc.OK {
		t.Fatalf("holding %s: %v", key, status)
	}
}

func servers(t *testing.T, network *memnet.Network, count int) []*Node {
	nodes := []*Node{on(t, network, 1, Config{Mode: Server})}
	for i := 2; i <= count; i++ {
		nodes = append(nodes, on(t, network, i, Config{Mode: Server}, nodes[0]))
	}
	return nodes
}

func TestWatchYieldsBetterValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 5 * time.Millisecond, Jitter: 20 * time.Millisecond}), 10)
		for i, n := range nodes[1:] {
			hold(t, n, "/v/k", fmt.Sprint("value ", i), uint64(i))
		}
		var sequences []uint64
		for v, err := range nodes[0].Watch(t.Context(), "/v/k") {
			if err != nil {
				t.Fatal(err)
			}
			sequences = append(sequences, v.Sequence)
			synctest.Wait() // read at once: nothing is passed over
		}
		last := sequences[len(sequences)-1]
		if !slices.IsSorted(sequences) || last != 8 || len(slices.Compact(sequences)) != len(sequences) {
			t.Errorf("sequences %v; want each better than the one before, up to 8", sequences)
		}
		// A slow reader gets the latest.
		var seen int
		for v, err := range nodes[0].Watch(t.Context(), "/v/k") {
			if seen++; seen == 1 {
				time.Sleep(time.Second)
				continue
			}
			if err != nil || v.Sequence != 8 || seen > 2 {
				t.Errorf("value %d after a pause: %v, %v", seen, v.Sequence, err)
			}
		}
		// A reader that leaves ends the lookup.
		for range nodes[0].Watch(t.Context(), "/v/k") {
			break
		}
		if left := nodes[0].Stats().Gauges["operations"]; left != 0 {
			t.Errorf("%d operations are left", left)
		}
		for _, err := range nodes[0].Watch(t.Context(), "/v/none") {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("watching nothing: %v", err)
			}
		}
		for _, err := range nodes[0].Watch(t.Context(), "/bad/none") {
			if !errors.Is(err, ErrUnknownNamespace) {
				t.Errorf("watching an unknown namespace: %v", err)
			}
		}
	})
}

func TestProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 5 * time.Millisecond})
		nodes := servers(t, network, 10)
		want := make(map[identity.ID]identity.Address)
		for _, n := range nodes[:4] {
			stored, err := n.Provide(t.Context(), "song")
			if err != nil || stored.Holders != len(nodes) || !stored.SelfHolder {
				t.Fatalf("Provide: %+v, %v", stored, err)
			}
			want[n.ID()] = n.Addresses()[0]
		}
		find := func(n *Node, opts ProvidersOptions) (found int) {
			for p, err := range n.Providers(t.Context(), "song", opts) {
				if err != nil || want[p.Peer] != p.Address || time.Until(p.Expires) > 24*time.Hour {
					t.Errorf("provider %+v, %v", p, err)
				}
				found++
			}
			return found
		}
		var went Lookup
		client := on(t, network, 20, Config{Mode: Client}, nodes[0])
		if n := find(client, ProvidersOptions{Lookup: &went}); n != 4 || went.RPCs == 0 || len(went.Trace) == 0 {
			t.Errorf("%d providers, lookup %+v", n, went)
		}
		if n := find(client, ProvidersOptions{Max: 2}); n != 2 {
			t.Errorf("%d providers, want 2 at most", n)
		}
		for p, err := range client.Providers(t.Context(), "nothing", ProvidersOptions{}) {
			t.Errorf("provider of nothing: %+v, %v", p, err)
		}
		for _, err := range client.Providers(t.Context(), "", ProvidersOptions{}) {
			if !errors.Is(err, ErrEmptyKey) {
				t.Errorf("no key: %v", err)
			}
		}
		if err := nodes[0].Unpublish(t.Context(), "song"); err != nil {
			t.Errorf("Unpublish: %v", err)
		}
		if err := nodes[0].Unpublish(t.Context(), "song"); !errors.Is(err, ErrNotFound) {
			t.Errorf("Unpublish again: %v", err)
		}
	})
}

func TestEventsAreCountedWhenNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: time.Millisecond}), 3)
		ctx, cancel := context.WithCancel(t.Context())
		events := nodes[0].Events(ctx)
		for range 100 {
			nodes[0].Closest(t.Context(), nodes[1].ID().Position())
		}
		var steps int
		for range eventBuffer {
			if e := <-events; e.Kind == "lookup step" && e.Step != nil && e.Lookup != 0 {
				steps++
			}
		}
		if steps != eventBuffer {
			t.Errorf("%d of %d events are steps", steps, eventBuffer)
		}
		nodes[0].Closest(t.Context(), nodes[1].ID().Position())
		if e := <-events; e.Dropped == 0 || e.Dropped != nodes[0].Stats().Counters["events.dropped"] {
			t.Errorf("the next event says that %d were dropped, want %d", e.Dropped, nodes[0].Stats().Counters["events.dropped"])
		}
		cancel()
		for range events { // closed
		}
		synctest.Wait()
		if len(nodes[0].listeners.all) != 0 {
			t.Error("the listener is still there")
		}
	})
}
