package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// rto is the retransmission timeout of a peer (RFC 6298). For a peer that was not
// measured it follows from what the measured peers need together (design R3.13).
func (e *Engine) rto(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c); rtt != (rpc.RTT{}) {
		return rtt.RTO()
	}
	return e.typicalRTT.Unmeasured()
}

// RTT is the smoothed round trip time of a contact and its mean deviation, 0 if it was not
// measured.
func (e *Engine) RTT(c identity.Contact) (smoothed, variation time.Duration) {
	rtt := e.rtts.of(c)
	if smoothed = rtt.Smoothed(); smoothed == 0 {
		return 0, 0
	}
	return smoothed, rtt.Variation()
}

// maxTransit is the longest time that a write is taken to need to reach a peer: half a
// round trip, one more if a session has to begin first, and a margin. For a peer that was
// not measured it is at least half a second. Lifetimes on the wire are reduced by it, so
// that they never grow (design R6.11).
func (e *Engine) maxTransit(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c).Smoothed(); rtt > 0 {
		return 2 * rtt
	}
	return max(e.rto(c), rpc.Store.MinTimeout())
}

// firstTimeout is how long to wait for an answer to the first try (design R3.12, R3.16).
func (e *Engine) firstTimeout(to identity.Contact, t rpc.Type) time.Duration {
	return max(e.rto(to), t.MinTimeout())
}
