package kad

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// What a hand-made peer says that no honest one would arrives, and is refused for what
// it is: not for that it never left.
func TestRawSaysWhatNobodyElseWould(t *testing.T) {
	for _, c := range []struct {
		name    string
		reply   side.Reply
		refused func(n *Node) uint64
	}{
		{"a datagram over the limit", side.Reply{Oversize: true},
			func(n *Node) uint64 { return n.Kadmium().Stats().Wire.Dropped["wrong length"] }},
		{"a record over the limit", side.Reply{Value: world.Value(1, strings.Repeat("v", 1_100))},
			func(n *Node) uint64 { return n.Kadmium().Stats().Counters["records.invalid"] }},
		{"nothing", side.Reply{Silent: true},
			func(n *Node) uint64 { return n.Kadmium().Stats().Counters["requests.timed_out"] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var reply atomic.Pointer[side.Reply]
			reply.Store(new(side.Reply))
			node, err := Make(t.Context(), side.Spec{Seed: world.Host(1, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer node.Close()
			peer, err := NewRaw(side.Spec{Seed: world.Host(1, 2)}, func() side.Reply { return *reply.Load() })
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			if err := peer.Enter(t.Context(), node); err != nil {
				t.Fatal(err)
			}
			before := c.refused(node)
			reply.Store(&c.reply)
			if r, err := node.Get(t.Context(), "key", 0); err == nil {
				t.Errorf("got %q", r.Value)
			}
			if c.refused(node) == before {
				t.Error("the node refused nothing")
			}
		})
	}
}

// Noise reaches the node, bare and sealed.
func TestRawGarbles(t *testing.T) {
	node, err := Make(t.Context(), side.Spec{Seed: world.Host(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	peer, err := NewRaw(side.Spec{Seed: world.Host(1, 2)}, func() side.Reply { return side.Reply{} })
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if err := peer.Enter(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	const times = 10
	for range times {
		if err := peer.Garble(t.Context(), node); err != nil {
			t.Fatal(err)
		}
	}
	dropped := uint64(0)
	for end := time.Now().Add(10 * time.Second); dropped < 2*times && time.Now().Before(end); time.Sleep(time.Millisecond) {
		dropped = 0
		for _, n := range node.Kadmium().Stats().Wire.Dropped {
			dropped += n
		}
	}
	if dropped < 2*times {
		t.Errorf("%d datagrams were dropped (%v), want %d", dropped, node.Kadmium().Stats().Wire.Dropped, 2*times)
	}
}
