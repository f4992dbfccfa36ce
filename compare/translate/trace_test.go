package translate

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A trace written by hand: who was named and asked is in the answer that named it
// first, what libp2p has no kind for is left out.
func TestTraceOfAScript(t *testing.T) {
	a, b, c := address(t, 1, "/ip4/192.0.2.1/udp/4100"), address(t, 2, "/ip4/192.0.2.2/udp/4100"), address(t, 3, "/ip6/2001:db8::3/udp/4100")
	step := func(kind string, of identity.Address, by identity.ID) kadmium.Step {
		return kadmium.Step{Kind: kind, Peer: of.ID, Address: of, NamedBy: by}
	}
	var none identity.ID
	l := kadmium.Lookup{Trace: []kadmium.Step{
		step("asked", a, none),
		step("set aside", a, none),
		step("answered", a, none),
		step("asked", b, a.ID),
		step("asked", c, a.ID),
		step("failed", b, a.ID),
		step("answered", c, a.ID),
		step("found", c, a.ID),
		{Kind: "ended", Reason: "satisfied"},
	}}
	want := []*routing.QueryEvent{
		{Type: routing.SendingQuery, ID: peerID(a.ID)},
		{Type: routing.PeerResponse, ID: peerID(a.ID), Responses: []*peer.AddrInfo{info(b), info(c)}},
		{Type: routing.SendingQuery, ID: peerID(b.ID)},
		{Type: routing.SendingQuery, ID: peerID(c.ID)},
		{Type: routing.QueryError, ID: peerID(b.ID), Extra: kadmium.ErrNoAnswer.Error()},
		{Type: routing.PeerResponse, ID: peerID(c.ID)},
	}
	for op, found := range map[Operation]*routing.QueryEvent{
		Closest: nil, Put: nil, Provide: nil, Providers: nil,
		FindPeer: {Type: routing.FinalPeer, ID: peerID(c.ID), Responses: []*peer.AddrInfo{info(c)}},
		Get:      {Type: routing.Value, ID: peerID(c.ID)},
	} {
		all := want
		if found != nil {
			all = append(want[:len(want):len(want)], found)
		}
		if got := Trace(op, l); !reflect.DeepEqual(got, all) {
			t.Errorf("operation %d: %v, want %v", op, got, all)
		}
	}
	if got := info(c).Addrs[0].String(); got != "/ip6/2001:db8::3/udp/4100" {
		t.Errorf("the address of a response is %s", got)
	}
	if got := Provider(kadmium.Provider{Peer: a.ID, Address: a}); got.Type != routing.Provider || !reflect.DeepEqual(got.Responses, []*peer.AddrInfo{info(a)}) {
		t.Errorf("a provider is %v", got)
	}
}

func address(t *testing.T, host int, at string) identity.Address {
	t.Helper()
	id := world.Host(1, host).ID()
	a, err := identity.ParseAddress(at + "/p2p/" + id.String())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is published while it happens is the trace, but for who was named. The lookup waits
// for a host that has gone no longer than for any straggler, so that it is asked, but neither
// answers nor is an error (design R5.27).
func TestPublishIsTheTrace(t *testing.T) {
	nodes := kadmiumNetwork(t)
	nodes[1].Link().Cut()
	node := nodes[servers].Kadmium()
	for _, c := range []struct {
		op  Operation
		run func() (kadmium.Lookup, error)
	}{
		{Closest, func() (kadmium.Lookup, error) {
			r, err := node.Closest(t.Context(), nodes[1].ID().Position())
			return r.Lookup, err
		}},
		{FindPeer, func() (kadmium.Lookup, error) {
			r, err := node.FindPeer(t.Context(), nodes[4].ID())
			return r.Lookup, err
		}},
		{Put, func() (kadmium.Lookup, error) {
			r, err := node.Put(t.Context(), side.Key("name"), world.Value(1, "v"), kadmium.PutOptions{})
			return r.Lookup, err
		}},
		{Get, func() (kadmium.Lookup, error) {
			r, err := node.Get(t.Context(), side.Key("name"), kadmium.GetOptions{})
			return r.Lookup, err
		}},
	} {
		var want []*routing.QueryEvent
		got := watched(t, func(ctx context.Context) {
			during, over := context.WithCancel(ctx)
			defer over()
			told, lost := node.Events(during), make(chan uint64)
			go func() { lost <- Publish(ctx, c.op, told) }()
			l, err := c.run()
			if err != nil {
				t.Error(err)
			}
			want = Trace(c.op, l)
			over() // what was told before is still published
			if n := <-lost; n != 0 {
				t.Errorf("%d events lost", n)
			}
		})
		checkOrder(t, want)
		if c.op == Closest {
			gone := slices.DeleteFunc(slices.Clone(got), func(e *routing.QueryEvent) bool { return e.ID != p2p.PeerID(nodes[1].ID()) })
			if len(gone) != 1 || gone[0].Type != routing.SendingQuery {
				t.Errorf("of the host that has gone: %v", gone)
			}
		}
		for _, e := range want {
			if e.Type == routing.PeerResponse {
				e.Responses = nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("operation %d: published %v, want %v", c.op, got, want)
		}
	}
}
