package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// provided has all of the k closest nodes hold entries of so many providers.
func (n *network) provided(key string, k, providers int) {
	n.t.Helper()
	holders := n.nearest(identity.KeyPosition([]byte(key)), k, nil)
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range providers {
		p := &rpc.Provider{Key: []byte(key), Sequence: 1, TTL: time.Hour, Lifetime: 86_400}
		p.Peer.Endpoint = netip.AddrPortFrom(netip.AddrFrom4([4]byte{20 + byte(i>>8), byte(i), 0, 1}), 4100)
		store.SignProvider(seedKey(1_000_000+i), testNetwork, p)
		from := p.Peer.NetGroup()
		for _, nd := range holders {
			if status, _ := nd.e.Store().PutProvider(n.now, p, from, 0, rnd); status != rpc.OK {
				n.t.Fatalf("entry %d is refused: %v", i, status)
			}
		}
	}
}

func (nd *node) providers(key string, most int) *Result {
	return nd.operate(func(op OpID) []Effect { return nd.e.Providers(nd.n.now, op, []byte(key), most, nil) })
}

// All providers that a key has are found: 40, which 26 of were, and as many as a holder
// keeps, with which it says that there may be more.
func TestAllProvidersAreFound(t *testing.T) {
	for _, count := range []int{40, 255, 256} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			n := newNetwork(t, 5)
			n.grow(30, nil)
			n.provided("k", 20, count)
			reader := n.nearest(identity.KeyPosition([]byte("k")), 30, nil)[29]
			r := reader.providers("k", 0)
			if r.Err != nil || len(r.Providers) != count || r.More != (count == 256) {
				t.Errorf("%d providers found of %d, more %v, %v", len(r.Providers), count, r.More, r.Err)
			}
			seen := make(map[identity.ID]bool)
			for _, p := range r.Providers {
				if seen[p.Peer.ID] {
					t.Errorf("%v is named twice", p.Peer)
				}
				seen[p.Peer.ID] = true
			}
			t.Logf("%d RPCs", r.Lookup.RPCs)
		})
	}
}

// What ends the search before all is known is said.
func TestThereMayBeMoreProviders(t *testing.T) {
	setup := func(t *testing.T) (*network, *node) {
		n := newNetwork(t, 6)
		n.grow(25, nil)
		n.provided("k", 20, 60)
		return n, n.nearest(identity.KeyPosition([]byte("k")), 25, nil)[24]
	}
	t.Run("most is reached", func(t *testing.T) {
		_, reader := setup(t)
		if r := reader.providers("k", 30); r.Err != nil || len(r.Providers) != 30 || !r.More {
			t.Errorf("%d providers, more %v, %v", len(r.Providers), r.More, r.Err)
		}
	})
	t.Run("holders fail half way", func(t *testing.T) {
		n, reader := setup(t)
		n.lose = func(_, _ *node, m *rpc.Message) bool { return len(m.ProvidersAfter) > 0 && m.ProvidersAfter[0] > 0 }
		if r := reader.providers("k", 0); r.Err != nil || len(r.Providers) == 0 || !r.More {
			t.Errorf("%d providers, more %v, %v", len(r.Providers), r.More, r.Err)
		}
	})
	t.Run("a holder goes round in circles", func(t *testing.T) {
		n, reader := setup(t)
		n.forge = func(_, _ *node, m *rpc.Message) {
			if m.Response && m.Type == rpc.GetProviders {
				m.MoreProviders = true
				slices.Reverse(m.Providers)
			}
		}
		if r := reader.providers("k", 0); r.Err != nil || len(r.Providers) != 60 || !r.More {
			t.Errorf("%d providers, more %v, %v", len(r.Providers), r.More, r.Err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		n, reader := setup(t)
		reader.lastOp++
		op := reader.lastOp
		reader.run(reader.e.Providers(n.now, op, []byte("k"), 0, nil))
		n.until(time.Minute, "a page", func() bool { return n.count[rpc.GetProviders] > 28 })
		reader.run(reader.e.Cancel(n.now, op, nil))
		if r := reader.results[op]; r == nil || len(r.Providers) == 0 || !r.More {
			t.Errorf("cancelled: %+v", r)
		}
		n.run(time.Minute)
	})
}

// Holders whose pages take long, each answered in time, end no search later than it may last:
// what was found is returned, and that there may be more.
func TestPagesHaveATimeLimit(t *testing.T) {
	n := newNetwork(t, 8)
	n.grow(25, nil)
	n.provided("k", 20, 256)
	reader := n.nearest(identity.KeyPosition([]byte("k")), 25, nil)[24]
	n.latency = 700 * time.Millisecond
	begun := n.now
	r := reader.providers("k", 0)
	if took := n.now.Sub(begun); took < LookupTimeout || took > 2*LookupTimeout {
		t.Errorf("it took %v", took)
	}
	if r.Err != nil || len(r.Providers) < 50 || len(r.Providers) == 256 || !r.More {
		t.Errorf("%d providers, more %v, %v", len(r.Providers), r.More, r.Err)
	}
	if e := reader.e; len(e.lookups) > 0 || len(e.ops) > 0 {
		t.Errorf("%d lookups and %d operations are left", len(e.lookups), len(e.ops))
	}
	n.run(10 * time.Second) // what was asked is answered
}

// An entry that its provider withdrew is not returned.
func TestWithdrawnProvidersAreLeftOut(t *testing.T) {
	n := newNetwork(t, 7)
	n.grow(3, nil)
	p := &rpc.Provider{Key: []byte("k"), Peer: n.nodes[1].address, Sequence: 1, TTL: time.Hour, Lifetime: 60, Withdrawn: true}
	store.SignProvider(n.nodes[1].key, testNetwork, p)
	n.nodes[1].e.Store().PutProvider(n.now, p, identity.NetGroup{}, 0, rand.New(rand.NewPCG(1, 1)))
	if r := n.nodes[2].providers("k", 0); len(r.Providers) != 0 {
		t.Errorf("found %v", r.Providers)
	}
}

// The first entry of a sample or page comes before where the asker is seen, which comes
// before further entries (wire.md, section 7).
func TestRoomForTheFirstProvider(t *testing.T) {
	n := newNetwork(t, 5)
	nd := n.add(nil)
	n.provided("k", 1, 3)
	asker := n.book.Intern(identity.Address{ID: seedKey(9).ID(), Endpoint: netip.MustParseAddrPort("203.0.113.9:1")})
	one := &rpc.Message{Type: rpc.GetProviders, Response: true, MoreProviders: true, Providers: nd.e.Store().AllProviders(n.now, []byte("k"), nil)[:1]}
	room := rpc.Size(one, &n.book) + 2 // for more
	for _, after := range [][]byte{nil, make([]byte, 32)} {
		for _, c := range []struct {
			room, entries int
			observed      bool
		}{{room - 1, 0, true}, {room, 1, false}, {room + 9, 1, true}, {1187, 3, true}} {
			q := &rpc.Message{Type: rpc.GetProviders, Key: []byte("k"), ProvidersAfter: after}
			for _, f := range nd.e.Receive(n.now, &Inbound{From: asker, Message: q, Token: 1, Room: c.room}, nil) {
				if f.Kind != SendReply {
					continue
				}
				m := f.Message
				if size := rpc.Size(m, &n.book); size > c.room {
					t.Errorf("%d bytes in a room of %d", size, c.room)
				}
				if len(m.Providers) != c.entries || m.Observed.IsValid() != c.observed || m.MoreProviders != (c.entries < 3) {
					t.Errorf("room %d, page %v: %d entries, observed %v, more %v", c.room, after != nil, len(m.Providers), m.Observed, m.MoreProviders)
				}
			}
		}
	}
}

// A node that holds an old entry of a provider, and knows others that hold a newer one, finds
// the newer one: the provider has moved.
func TestNewerProviderEntryIsFound(t *testing.T) {
	n := newNetwork(t, 5)
	n.grow(30, nil)
	nodes := n.nearest(identity.KeyPosition([]byte("k")), 30, nil)
	reader := nodes[29]
	entry := func(sequence uint64) *rpc.Provider {
		p := &rpc.Provider{Key: []byte("k"), Sequence: sequence, TTL: time.Hour, Lifetime: 86_400}
		p.Peer.Endpoint = netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, byte(sequence), 0, 1}), 4100)
		store.SignProvider(seedKey(1_000_000), testNetwork, p)
		return p
	}
	hold := func(nd *node, p *rpc.Provider) {
		if status, _ := nd.e.Store().PutProvider(n.now, p, identity.NetGroup{}, 0, rand.New(rand.NewPCG(1, 1))); status != rpc.OK {
			t.Fatalf("an entry is refused: %v", status)
		}
	}
	hold(reader, entry(1))
	hold(nodes[0], entry(1))
	for _, nd := range nodes[1:20] {
		hold(nd, entry(2))
	}
	r := reader.providers("k", 0)
	if want := entry(2).Peer; r.Err != nil || len(r.Providers) != 1 || r.Providers[0].Peer != want {
		t.Errorf("found %v, %v, and the newest entry names %v", r.Providers, r.Err, want)
	}
}
