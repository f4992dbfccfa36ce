package rpc

import (
	"math"
	"time"
)

// Retransmission timeouts (RFC 6298; design, section 3).
const (
	initialRTO    = 500 * time.Millisecond // nothing measured yet; the RFC has 1 s, for the slowest of links
	unmeasuredRTO = 200 * time.Millisecond // at least, for a peer that was not measured itself
	minRTO        = 100 * time.Millisecond // covers a peer's scheduling; the RFC has 1 s
	maxRTO        = 3 * time.Second        // the RFC has 60 s, but a request gives up after three tries
)

// RTT estimates the round trip to one peer as RFC 6298 does. The zero value has
// measured nothing. It has 8 bytes; whole microseconds up to 71 minutes.
type RTT struct {
	smoothed  uint32 // SRTT, us; 0: nothing measured
	variation uint32 // RTTVAR, us; while nothing is measured a quarter of what BackOff set
}

// Sample adds a measured round trip. By Karn's rule (RFC 6298, section 3) the
// caller leaves out answers to requests that were sent more than once.
func (r *RTT) Sample(rtt time.Duration) {
	us := int64(min(max(rtt.Microseconds(), 1), math.MaxUint32))
	if r.smoothed == 0 { // (2.2)
		r.smoothed, r.variation = uint32(us), uint32(us/2)
		return
	}
	// (2.3), with alpha 1/8 and beta 1/4; the variation is computed first.
	smoothed, variation := int64(r.smoothed), int64(r.variation)
	off := smoothed - us
	if off < 0 {
		off = -off
	}
	r.variation = uint32((3*variation + off) / 4)
	r.smoothed = uint32((7*smoothed + us) / 8)
}

// Smoothed is the mean round trip, 0 if none was measured.
func (r RTT) Smoothed() time.Duration {
	return time.Duration(r.smoothed) * time.Microsecond
}

// RTO is the time to wait for an answer before sending a request again:
// SRTT + 4 RTTVAR within 100 ms and 3 s, 500 ms if nothing was measured.
func (r RTT) RTO() time.Duration {
	if r.smoothed == 0 {
		return max(initialRTO, 4*time.Duration(r.variation)*time.Microsecond)
	}
	rto := time.Duration(int64(r.smoothed)+4*int64(r.variation)) * time.Microsecond
	return min(max(rto, minRTO), maxRTO)
}

// Stranger is the RTO of a peer that was not measured, if r has the samples of all
// those that were: the nearer the living are, the sooner the dead are known. It is
// within 200 and 500 ms, and 500 ms if nothing was measured at all.
func (r RTT) Unmeasured() time.Duration {
	return min(max(r.RTO(), unmeasuredRTO), initialRTO)
}

// BackOff doubles the timeout until samples bring it down again (RFC 6298, (5.5)):
// a request had to be sent more than once, so its answer says nothing, and a path
// that is slower than the timeout would never be measured.
func (r *RTT) BackOff() {
	rto := min(2*r.RTO(), maxRTO)
	r.variation = max(r.variation, uint32(max(rto.Microseconds()-int64(r.smoothed), 0)/4))
}

// backoff is the time to wait after the given try: doubled with each one (RFC
// 6298, (5.5)) up to maxRTO.
func backoff(rto time.Duration, try int) time.Duration {
	for ; try > 1 && rto < maxRTO; try-- {
		rto = min(2*rto, maxRTO)
	}
	return rto
}

// A PackedRTT is an RTT in the 6 bytes it needs, for those who keep many: whole
// microseconds up to 16 s, far more than any try of a request is waited for.
type PackedRTT [6]byte

// Pack is the RTT in less memory.
func (r RTT) Pack() PackedRTT {
	s, v := min(r.smoothed, maxPacked), min(r.variation, maxPacked)
	return PackedRTT{byte(s), byte(s >> 8), byte(s >> 16), byte(v), byte(v >> 8), byte(v >> 16)}
}

const maxPacked = 1<<24 - 1

// RTT is what was packed.
func (p PackedRTT) RTT() RTT {
	return RTT{
		smoothed:  uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16,
		variation: uint32(p[3]) | uint32(p[4])<<8 | uint32(p[5])<<16,
	}
}
