package rpc

import (
	"math"
	"time"
)

// Retransmission timeouts (RFC 6298; design R3.12, R3.13).
const (
	initialRTO    = 500 * time.Millisecond // before any measurement; the RFC has 1 s
	unmeasuredRTO = 200 * time.Millisecond // minimum for a peer without a measurement
	minRTO        = 100 * time.Millisecond // covers the scheduling of a peer's process; the RFC has 1 s
	maxRTO        = 3 * time.Second        // the RFC has 60 s, but a request gives up after three tries
)

// RTT estimates the round trip time to one peer by RFC 6298. The zero value has no
// measurement. It takes 8 bytes, and has whole microseconds up to 71 minutes.
type RTT struct {
	smoothed  uint32 // SRTT, us; 0: no measurement
	variation uint32 // RTTVAR, us; without a measurement a quarter of what BackOff set
}

// Sample adds a measurement. By Karn's rule (RFC 6298, section 3) the caller leaves
// out answers to requests that were sent more than once.
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

// Smoothed is the mean round trip time, 0 without a measurement.
func (r RTT) Smoothed() time.Duration {
	return time.Duration(r.smoothed) * time.Microsecond
}

// Variation is the mean deviation of the round trip time (RTTVAR).
func (r RTT) Variation() time.Duration { return time.Duration(r.variation) * time.Microsecond }

// RTO is the time to wait for an answer before sending a request again:
// SRTT + 4 RTTVAR within 100 ms and 3 s, or 500 ms without a measurement.
func (r RTT) RTO() time.Duration {
	if r.smoothed == 0 {
		return max(initialRTO, 4*time.Duration(r.variation)*time.Microsecond)
	}
	rto := time.Duration(int64(r.smoothed)+4*int64(r.variation)) * time.Microsecond
	return min(max(rto, minRTO), maxRTO)
}

// Unmeasured is the RTO of a peer without a measurement, if r has the samples of all
// other peers (design R3.13). It is within 200 and 500 ms, and 500 ms if r has none.
func (r RTT) Unmeasured() time.Duration {
	return min(max(r.RTO(), unmeasuredRTO), initialRTO)
}

// BackOff doubles the timeout until samples lower it again (RFC 6298, (5.5)). It is
// for a request that was sent more than once: its answer is no sample, and without
// BackOff a path slower than the timeout would never be measured.
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

// A PackedRTT is an RTT in 6 bytes.
type PackedRTT struct{ Smoothed, Variation PackedTime }

// A PackedTime is whole microseconds up to 16 s, which is far more than the time to wait
// for any try of a request.
type PackedTime [3]byte

const maxPacked = 1<<24 - 1

func packed(us uint32) PackedTime {
	us = min(us, maxPacked)
	return PackedTime{byte(us), byte(us >> 8), byte(us >> 16)}
}

func (t PackedTime) us() uint32 { return uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 }

// FirstVariation is the variation after one measurement of this round trip time.
func (t PackedTime) FirstVariation() PackedTime { return packed(t.us() / 2) }

// Pack is the RTT in 6 bytes.
func (r RTT) Pack() PackedRTT { return PackedRTT{packed(r.smoothed), packed(r.variation)} }

// RTT is what was packed.
func (p PackedRTT) RTT() RTT { return RTT{p.Smoothed.us(), p.Variation.us()} }
