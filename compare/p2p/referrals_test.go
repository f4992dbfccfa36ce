package p2p

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium/compare/world"
	"kadmium/identity"
)

// A script is the lookup events of one lookup, as go-libp2p-kad-dht publishes them
// (query.go): heard and queried are told with the answer, waiting with the request.
type script struct {
	self peer.ID
	id   uuid.UUID
	ctx  context.Context
}

func server(i int) identity.ID { return world.Host(3, i).ID() }

func named(hosts ...int) []peer.ID {
	var ids []peer.ID
	for _, i := range hosts {
		ids = append(ids, PeerID(server(i)))
	}
	return ids
}

// seeds are the peers of the own table: the first update, caused by the node itself.
func (s script) seeds(heard ...int) { s.response(s.self, named(heard...), nil, nil) }

func (s script) asks(i int) { s.asksAfter(s.self, i) }

// asksAfter is a request that the outcome of a request to a peer caused.
func (s script) asksAfter(cause peer.ID, i int) {
	p := PeerID(server(i))
	dht.PublishLookupEvent(s.ctx, dht.NewLookupEvent(s.self, s.id, "key",
		dht.NewLookupUpdateEvent(cause, s.self, nil, []peer.ID{p}, nil, nil), nil, nil))
}

func (s script) answers(i int, heard ...int) {
	p := PeerID(server(i))
	s.response(p, named(heard...), []peer.ID{p}, nil)
}

func (s script) fails(i int) {
	p := PeerID(server(i))
	s.response(p, nil, nil, []peer.ID{p})
}

func (s script) ends() {
	dht.PublishLookupEvent(s.ctx, dht.NewLookupEvent(s.self, s.id, "key", nil, nil, dht.NewLookupTerminateEvent(dht.LookupCompleted)))
}

func (s script) response(cause peer.ID, heard, queried, unreachable []peer.ID) {
	dht.PublishLookupEvent(s.ctx, dht.NewLookupEvent(s.self, s.id, "key", nil,
		dht.NewLookupUpdateEvent(cause, cause, heard, nil, queried, unreachable), nil))
}

// run plays a script under follow.
func run(t *testing.T, play func(script)) *referrals {
	t.Helper()
	self := PeerID(server(0))
	r, err := follow(t.Context(), self, func(ctx context.Context) error {
		play(script{self, uuid.New(), ctx})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A peer's hop is one more than that of the peer that named it first, whoever named
// it again or later; those of the own table are at hop 1.
func TestReferralDepths(t *testing.T) {
	r := run(t, func(s script) {
		s.seeds(1, 2, 3)
		s.asks(1)
		s.asks(2)
		s.answers(1, 2, 4) // 2 is of the own table
		s.asks(4)
		s.answers(4, 5, 1)
		s.answers(2, 5, 6) // 5 was named at hop 2 before
		s.asks(5)
		s.asks(6)
		s.fails(6)
		s.answers(5, 7)
		s.ends()
	})
	for i, want := range []int{0, 1, 1, 1, 2, 3, 2, 4, 0} {
		if got := r.of(server(i)); got != want {
			t.Errorf("host %d is at hop %d, want %d", i, got, want)
		}
	}
	// 3, 6, 7 and 8 gave no answer, 5 gave its after 4.
	for _, c := range []struct {
		holders []int
		want    int
	}{{[]int{5, 4}, 2}, {[]int{5, 7}, 3}, {[]int{3, 6, 7, 8}, 0}, {nil, 0}, {[]int{2, 1}, 1}} {
		if got := r.first(named(c.holders...)); got != c.want {
			t.Errorf("the first of %v to answer is at hop %d, want %d", c.holders, got, c.want)
		}
	}
}

// The nearest is of those that answered alone.
func TestNearestThatAnswered(t *testing.T) {
	const key = "key"
	ids := world.Nearest([]identity.ID{server(1), server(2), server(3), server(4)}, []byte(key), 4, identity.ID{})
	number := make(map[identity.ID]int)
	for i := 1; i <= 4; i++ {
		number[server(i)] = i
	}
	nearest, second, third, last := number[ids[0]], number[ids[1]], number[ids[2]], number[ids[3]]
	r := run(t, func(s script) {
		s.seeds(last)
		s.answers(last, third)
		s.answers(third, nearest, second)
		s.answers(second)
		s.fails(nearest)
		s.ends()
	})
	if got := r.nearest(key); got != 3 || r.of(server(second)) != 3 {
		t.Errorf("the nearest that answered is at hop %d, want 3", got)
	}
}

// A request is of the round after that of the request whose outcome caused it, and what asks
// the rest of the k nearest at the end is a round of its own.
func TestRounds(t *testing.T) {
	const key = "key"
	r := run(t, func(s script) {
		after := func(i, asked int) { s.asksAfter(PeerID(server(i)), asked) }
		s.seeds(1, 2)
		s.asks(1)
		s.asks(2)
		s.fails(2)
		s.answers(1, 3, 4)
		after(1, 3)
		s.answers(3)
		after(3, 4)
		s.answers(4, 5)
		s.ends()
	})
	if got := r.rounds(key, 20); got != 4 {
		t.Errorf("%d rounds, want 3 and one for the peer that was not asked", got)
	}
	answered := run(t, func(s script) {
		s.seeds(1, 2)
		s.asks(1)
		s.answers(1)
		s.asksAfter(PeerID(server(1)), 2)
		s.fails(2) // is not asked again
		s.ends()
	})
	if got := answered.rounds(key, 20); got != 2 {
		t.Errorf("%d rounds, want 2", got)
	}
	if got := (*referrals)(nil).rounds(key, 20); got != 0 {
		t.Errorf("%d rounds of nobody", got)
	}
}

// Nobody answered, or nobody looked.
func TestNoReferrals(t *testing.T) {
	empty := run(t, func(s script) { s.seeds(1); s.fails(1); s.ends() })
	for name, r := range map[string]*referrals{"nobody answered": empty, "nobody looked": nil} {
		if r.nearest("key") != 0 || r.first(named(1)) != 0 || r.of(server(2)) != 0 {
			t.Errorf("%s: hops out of nowhere", name)
		}
	}
	failed := errors.New("failed")
	if _, err := follow(t.Context(), "", func(context.Context) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("follow returned %v", err)
	}
}

// More events than the channel of libp2p holds are all taken in.
func TestManyEvents(t *testing.T) {
	const depth = 200
	r := run(t, func(s script) {
		s.seeds(1)
		for i := 1; i < depth; i++ {
			s.answers(i, i+1)
		}
		s.ends()
	})
	if got := r.of(server(depth)); got != depth {
		t.Errorf("hop %d, want %d", got, depth)
	}
}
