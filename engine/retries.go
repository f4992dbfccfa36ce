package engine

import "kadmium/rpc"

// A retryPolicy learns whether a third try is worth while (design R3.14). Where datagrams
// are lost, a repeated request is mostly answered. Where peers come and go it hardly ever
// is, and each repeat costs a datagram and delays a lookup. The policy remembers about 64
// requests that were not answered at the first try.
type retryPolicy struct {
	late uint8 // of these, answered by a repeat
	lost uint8 // of these, never answered
}

// The number of requests remembered; how many of them it takes to judge; and the share of
// them, 1 in retryShare, that must have been answered for a third try to be made. Where a
// third of the asked peers are gone, a loss of one datagram in 20 each way is enough for
// that.
const (
	retryMemory = 64
	retryLearns = 16
	retryShare  = 8
)

func (r *retryPolicy) note(counter *uint8) {
	if *counter++; r.late+r.lost >= retryMemory {
		r.late, r.lost = r.late/2, r.lost/2
	}
}

// pays reports whether a third try is worth while.
func (r *retryPolicy) pays() bool {
	n := r.late + r.lost
	return n < retryLearns || r.late >= n/retryShare
}

// tries is how often a request of a type is sent at most. A write is always sent up to
// MaxTries times, because it goes to a peer that has just answered. So is a PING, because
// it decides over a contact's place in the table (design R3.15).
func (r *retryPolicy) tries(t rpc.Type) int {
	if t.IsQuery() && !r.pays() {
		return rpc.MaxTries - 1
	}
	return rpc.MaxTries
}
