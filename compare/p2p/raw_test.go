package p2p

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/routing"
	"google.golang.org/protobuf/proto"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// What a hand-made peer says that no honest one would reaches the asker, and is
// refused for its length.
func TestRawAnswersTooMuch(t *testing.T) {
	var oversize atomic.Bool
	node, err := NewNetwork().Make(t.Context(), side.Spec{Seed: world.Host(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	peer, err := NewRaw(side.Spec{Seed: world.Host(1, 2)}, func() side.Reply { return side.Reply{Oversize: oversize.Load()} })
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if err := peer.Enter(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	oversize.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx, events := routing.RegisterForQueryEvents(ctx)
	go func() {
		defer cancel()
		node.DHT().GetClosestPeers(ctx, "key")
	}()
	var failures []string
	for e := range events {
		if e.Type == routing.QueryError {
			failures = append(failures, e.Extra)
		}
	}
	if !slices.ContainsFunc(failures, func(why string) bool { return strings.Contains(why, "message too large") }) {
		t.Errorf("failures %q, want one of a message that is too large", failures)
	}
}

// A value over the limit makes a message over it.
func TestRawAnswersTooLargeValue(t *testing.T) {
	a, err := reply(pb.NewMessage(pb.Message_GET_VALUE, []byte("key"), 0), side.Reply{Value: make([]byte, network.MessageSizeMax)})
	if err != nil {
		t.Fatal(err)
	}
	if size := proto.Size(a); size <= network.MessageSizeMax {
		t.Errorf("the answer has %d bytes", size)
	}
}
