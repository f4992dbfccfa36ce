package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// rto is the retransmission timeout of a peer (RFC 6298), of a stranger what peers
// usually need.
func (e *Engine) rto(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c); rtt != (rpc.RTT{}) {
		return rtt.RTO()
	}
	return e.typicalRTT.Stranger()
}

// RTT is the smoothed round trip time of a contact, 0 if it was never measured.
func (e *Engine) RTT(c identity.Contact) time.Duration {
	return e.rtts.of(c).Smoothed()
}

// maxTransit is the most that a write to a peer is on its way: half a round trip, and
// one more if a session has to begin. For a peer that was never measured it is half a
// second at least, whatever others need: lifetimes must not grow.
func (e *Engine) maxTransit(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c).Smoothed(); rtt > 0 {
		return 2 * rtt
	}
	return max(e.rto(c), rpc.Store.Patience())
}

// patience is how long to wait for an answer before the request is sent again.
func (e *Engine) patience(to identity.Contact, t rpc.Type) time.Duration {
	return max(e.rto(to), t.Patience())
}
