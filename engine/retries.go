package engine

import "kadmium/rpc"

// A retryPolicy learns whether it is worth while to repeat a request that was not
// answered in time. Where datagrams are lost it mostly is; where peers come and go
// it hardly ever is, and each repetition is one more datagram to the dead and a
// lookup that waits. It remembers some 64 requests that were not answered at once.
type retryPolicy struct {
	late uint8 // of these, answered after all
	lost uint8 // of these, never
}

// Requests remembered, and the share of them, 1 in so many, that must have been
// answered late for a third try to be made. One datagram lost in 20, each way, is
// enough where a third of the peers asked are gone.
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

// pays reports whether it is worth while to go on after a second try.
func (r *retryPolicy) pays() bool {
	n := r.late + r.lost
	return n < retryLearns || r.late >= n/retryShare
}

// tries is how often a request is sent at most: a write as often as it can be, since it
// goes to peers that have just answered, and a PING, since it decides over a contact's
// place. A search that does without the third try leaves that to the PING after it.
func (r *retryPolicy) tries(t rpc.Type) int {
	if t.IsQuery() && !r.pays() {
		return rpc.MaxTries - 1
	}
	return rpc.MaxTries
}
