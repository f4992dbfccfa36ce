package p2p

import (
	"context"
	"slices"
	"sync"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium/compare/side"
	"kadmium/identity"
)

// A ledger writes down the requests that arrive at the hosts of a network: libp2p
// does not say how many it sends, and sends some twice.
type ledger struct {
	mu      sync.Mutex
	watched map[watch]*tally
	takers  map[string][]identity.ID // by key: peers that were sent a value or a provider entry
}

// A watch is one operation: who asks about what.
type watch struct {
	asker peer.ID
	key   string
}

// A tally is the requests of one operation.
type tally struct {
	requests int
	writes   int
	asked    []identity.ID // each once
}

func newLedger() *ledger {
	return &ledger{watched: make(map[watch]*tally), takers: make(map[string][]identity.ID)}
}

// received is told of each request by the host that got it.
func (l *ledger) received(_ context.Context, s network.Stream, request *pb.Message) {
	key := string(request.GetKey())
	receiver := Identity(s.Conn().LocalPeer())
	l.mu.Lock()
	defer l.mu.Unlock()
	write := request.GetType() == pb.Message_PUT_VALUE || request.GetType() == pb.Message_ADD_PROVIDER
	if write && !slices.Contains(l.takers[key], receiver) {
		l.takers[key] = append(l.takers[key], receiver)
	}
	t := l.watched[watch{s.Conn().RemotePeer(), key}]
	if t == nil {
		return
	}
	t.requests++
	if write {
		t.writes++
	}
	if !slices.Contains(t.asked, receiver) {
		t.asked = append(t.asked, receiver)
	}
}

// begin counts the requests of an operation from now on, until the next about the
// same key begins. What it returns says how many there were so far.
func (l *ledger) begin(asker peer.ID, key string) (count func() side.Counts) {
	t := new(tally)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watched[watch{asker, key}] = t
	return func() side.Counts {
		l.mu.Lock()
		defer l.mu.Unlock()
		return side.Counts{Asked: len(t.asked), Requests: t.requests, Holders: t.writes}
	}
}

// holders are the peers that were sent what is under the key.
func (l *ledger) holders(key string) []identity.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.takers[key])
}
