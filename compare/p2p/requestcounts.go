package p2p

import (
	"context"
	"slices"
	"sync"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium/compare/side"
)

// A ledger counts requests where they arrive, by operation: libp2p does not report how many
// it sends, and sends some twice. It must not disturb what is measured, so it keeps only the
// last operation of each host, and any other request costs one map access.
type ledger struct {
	mu   sync.Mutex
	last map[peer.ID]*tally // by asker
}

// A tally counts the requests of one operation.
type tally struct {
	key      string
	requests int
	asked    []peer.ID // each once
	holders  []peer.ID // each once: the peers that were sent the value, and the asker if it keeps it
}

func newLedger() *ledger { return &ledger{last: make(map[peer.ID]*tally)} }

// received is called by a host for each request that it receives.
func (l *ledger) received(_ context.Context, s network.Stream, request *pb.Message) {
	c := s.Conn()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.last[c.RemotePeer()]
	if t == nil || t.key != string(request.GetKey()) {
		return
	}
	t.requests++
	t.asked = with(t.asked, c.LocalPeer())
	if kind := request.GetType(); kind == pb.Message_PUT_VALUE || kind == pb.Message_ADD_PROVIDER {
		t.holders = with(t.holders, c.LocalPeer())
	}
}

// with adds a peer, if it is not among the peers.
func with(peers []peer.ID, p peer.ID) []peer.ID {
	if slices.Contains(peers, p) {
		return peers
	}
	return append(peers, p)
}

// begin counts the requests of an operation until the next operation of the asker. The
// function it returns gives the counts so far.
func (l *ledger) begin(asker peer.ID, key string) (count func() side.Counts) {
	t := &tally{key: key}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[asker] = t
	return func() side.Counts {
		l.mu.Lock()
		defer l.mu.Unlock()
		return side.Counts{Asked: len(t.asked), Requests: t.requests, Holders: len(t.holders)}
	}
}

// keeps records that a host itself holds what it has put or provided.
func (l *ledger) keeps(host peer.ID, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.last[host]; t != nil && t.key == key {
		t.holders = with(t.holders, host)
	}
}

// holders are the holders of a key that was written by the last operation of some host.
func (l *ledger) holders(key string) []peer.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []peer.ID
	for _, t := range l.last {
		if t.key == key {
			all = append(all, t.holders...)
		}
	}
	return all
}
