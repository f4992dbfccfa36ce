package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Bounds of settledRequests (design R8.20). A peer remembers at most 256 requests of one
// sender.
const (
	maxSettledPeers   = 64
	maxSettledOfAPeer = 256
)

// settledRequests are, by peer, the requests that were answered as often as they were
// sent: no datagram of them is under way. The next writes to the peer name them, and it
// forgets them (wire.md, section 4). The peer that was heard longest ago comes first.
type settledRequests []settledOfPeer

type settledOfPeer struct {
	peer identity.ID
	last time.Time // when the last was added
	ids  []uint64
}

func (s *settledRequests) add(now time.Time, peer identity.ID, id uint64) {
	of := settledOfPeer{peer: peer}
	if i := s.index(peer); i >= 0 {
		of = (*s)[i]
		*s = slices.Delete(*s, i, i+1)
	}
	for len(*s) > 0 && (now.Sub((*s)[0].last) >= rpc.RememberFor || len(*s) >= maxSettledPeers) {
		*s = slices.Delete(*s, 0, 1)
	}
	if len(of.ids) == maxSettledOfAPeer {
		of.ids = slices.Delete(of.ids, 0, 1)
	}
	of.ids, of.last = append(of.ids, id), now
	*s = append(*s, of)
}

// take moves up to rpc.MaxSettled IDs of the peer to dst.
func (s *settledRequests) take(dst []uint64, peer identity.ID) []uint64 {
	i := s.index(peer)
	if i < 0 {
		return dst
	}
	of := &(*s)[i]
	n := min(len(of.ids), rpc.MaxSettled)
	dst = append(dst, of.ids[:n]...)
	if of.ids = slices.Delete(of.ids, 0, n); len(of.ids) == 0 {
		*s = slices.Delete(*s, i, i+1)
	}
	if len(*s) == 0 {
		*s = nil
	}
	return dst
}

// len is the number of requests.
func (s settledRequests) len() (n int) {
	for _, of := range s {
		n += len(of.ids)
	}
	return n
}

func (s settledRequests) index(peer identity.ID) int {
	return slices.IndexFunc(s, func(of settledOfPeer) bool { return of.peer == peer })
}

// settle notes that a request is over, if no datagram of it can be under way any more.
func (e *Engine) settle(r *rpc.Request) {
	if r.Message.AtMostOnce() && r.Unanswered == 0 && r.Marks&lingers == 0 {
		e.settled.add(e.now, e.book.Address(r.To).ID, r.ID)
	}
}
