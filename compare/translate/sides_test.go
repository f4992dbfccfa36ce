package translate

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

type kindList = []routing.QueryEventType

// The same operations on both sides, by hosts with the same keys: kadmium's events
// obey libp2p's order, and what happens with each peer that both ask is the same.
func TestBothSidesTellTheSame(t *testing.T) {
	kads, p2ps := kadmiumNetwork(t), libp2pNetwork(t)
	asker, other := kads[servers], p2ps[servers]
	node := asker.Kadmium()
	sought := kads[2].ID()
	if _, err := kads[3].Provide(t.Context(), "content"); err != nil {
		t.Fatal(err)
	}
	if _, err := p2ps[3].Provide(t.Context(), "content"); err != nil {
		t.Fatal(err)
	}

	both := kindList{routing.SendingQuery, routing.PeerResponse}
	for _, c := range []struct {
		name             string
		op               Operation
		kadmium          func(context.Context) (kadmium.Lookup, error)
		libp2p           func(context.Context) (side.Result, error)
		ours, theirs     kindList
		everybodyIsAsked bool
	}{
		{"closest", Closest, func(ctx context.Context) (kadmium.Lookup, error) {
			r, err := node.Closest(ctx, identity.KeyPosition([]byte("target")))
			return r.Lookup, err
		}, func(ctx context.Context) (side.Result, error) { return other.Closest(ctx, "target") },
			both, both, true},
		{"put", Put, func(ctx context.Context) (kadmium.Lookup, error) {
			r, err := node.Put(ctx, side.Key("name"), world.Value(1, "v"), kadmium.PutOptions{})
			return r.Lookup, err
		}, func(ctx context.Context) (side.Result, error) { return other.Put(ctx, "name", world.Value(1, "v")) },
			both, kindList{routing.SendingQuery, routing.PeerResponse, routing.Value}, true},
		{"provide", Provide, func(ctx context.Context) (kadmium.Lookup, error) {
			r, err := node.Provide(ctx, string(world.ContentKey("other content")))
			return r.Lookup, err
		}, func(ctx context.Context) (side.Result, error) { return other.Provide(ctx, "other content") },
			both, both, true},
		{"providers", Providers, func(ctx context.Context) (l kadmium.Lookup, err error) {
			for _, err := range node.Providers(ctx, string(world.ContentKey("content")), kadmium.ProvidersOptions{Lookup: &l}) {
				if err != nil {
					return l, err
				}
			}
			return l, nil
		}, func(ctx context.Context) (side.Result, error) { return other.Providers(ctx, "content", 0) },
			both, both, true},
		{"find peer", FindPeer, func(ctx context.Context) (kadmium.Lookup, error) {
			r, err := node.FindPeer(ctx, sought)
			return r.Lookup, err
		}, func(ctx context.Context) (side.Result, error) {
			if err := other.Cool(ctx); err != nil { // one that it is connected with it does not look for
				return side.Result{}, err
			}
			return other.FindPeer(ctx, sought)
		}, kindList{routing.SendingQuery, routing.PeerResponse, routing.FinalPeer}, both, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := c.kadmium(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mine := Trace(c.op, l)
			yours := watched(t, func(ctx context.Context) {
				if _, err := c.libp2p(ctx); err != nil {
					t.Error(err)
				}
			})
			checkOrder(t, mine)
			checkOrder(t, yours)
			if got := kinds(mine); !slices.Equal(got, c.ours) {
				t.Errorf("kadmium: kinds %v, want %v", got, c.ours)
			}
			if got := kinds(yours); !slices.Equal(got, c.theirs) {
				t.Errorf("libp2p: kinds %v, want %v", got, c.theirs)
			}
			comparePeers(t, perPeer(queries(mine)), perPeer(queries(yours)), c.everybodyIsAsked)
		})
	}
}

// queries are the events of asking and being answered alone.
func queries(events []*routing.QueryEvent) []*routing.QueryEvent {
	return slices.DeleteFunc(slices.Clone(events), func(e *routing.QueryEvent) bool {
		return e.Type != routing.SendingQuery && e.Type != routing.PeerResponse
	})
}

// comparePeers compares what happened with each peer. A lookup that ends once it has
// found something leaves the last answers out, and other peers unasked, on each side.
func comparePeers(t *testing.T, mine, yours map[peer.ID][]routing.QueryEventType, everybody bool) {
	t.Helper()
	if everybody && (len(mine) != servers || !reflect.DeepEqual(mine, yours)) {
		t.Errorf("of each peer:\nkadmium %v\nlibp2p  %v", mine, yours)
	}
	for p, order := range mine {
		n := min(len(order), len(yours[p]))
		if !slices.Equal(order[:n], yours[p][:n]) {
			t.Errorf("%v: kadmium %v, libp2p %v", p, order, yours[p])
		}
	}
}

// A get ends at the first value: kadmium's events say who had it, libp2p's do not.
func TestValueOfAGet(t *testing.T) {
	ours, theirs := kadmiumNetwork(t), libp2pNetwork(t)
	value := world.Value(1, "v")
	for _, n := range []side.Node{ours[1], theirs[1]} {
		if _, err := n.Put(t.Context(), "name", value); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ours[servers].Kadmium().Get(t.Context(), side.Key("name"), kadmium.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mine := Trace(Get, got.Lookup)
	checkOrder(t, mine)
	if values := of(routing.Value, mine); len(values) != 1 || values[0].ID != p2p.PeerID(got.From) || mine[len(mine)-1] != values[0] {
		t.Errorf("%v had the value; the events are %v", got.From, mine)
	}
	yours := watched(t, func(ctx context.Context) {
		if _, err := theirs[servers].Get(ctx, "name", 0); err != nil {
			t.Error(err)
		}
	})
	checkOrder(t, yours)
	if want := (kindList{routing.SendingQuery, routing.PeerResponse}); !slices.Equal(kinds(yours), want) {
		t.Errorf("libp2p: kinds %v, want %v", kinds(yours), want)
	}
	comparePeers(t, perPeer(queries(mine)), perPeer(queries(yours)), false)
}

// With nobody to ask both publish one error, of no peer.
func TestNobodyToAsk(t *testing.T) {
	ours, err := kad.Make(t.Context(), spec(0))
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs, err := p2p.NewNetwork().New(t.Context(), spec(0))
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	closest, err := ours.Kadmium().Closest(t.Context(), identity.Position{})
	if err == nil {
		t.Fatal("a lone node found somebody")
	}
	mine := Trace(Closest, closest.Lookup)
	yours := watched(t, func(ctx context.Context) {
		if _, err := theirs.Closest(ctx, "target"); err == nil {
			t.Error("a lone node found somebody")
		}
	})
	for name, events := range map[string][]*routing.QueryEvent{"kadmium": mine, "libp2p": yours} {
		if len(events) != 1 || events[0].Type != routing.QueryError || events[0].ID != "" || events[0].Extra == "" {
			t.Errorf("%s: %v", name, events)
		}
	}
}
