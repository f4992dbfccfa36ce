package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/rpc"
)

// Round trip times are found by their peers, and the oldest peer makes room for a new one.
func TestRoundTripsAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r roundTrips
		var order []identity.Contact // as they were first measured
		times := make(map[identity.Contact]rpc.RTT)
		any := rapid.Custom(func(t *rapid.T) identity.Contact { // few bytes, so that they agree in some
			return identity.Contact(rapid.SampledFrom([]uint32{0, 1 << 8, 1 << 16, 1 << 24, 1<<32 - 1<<8}).Draw(t, "high") + rapid.Uint32Range(1, 90).Draw(t, "low"))
		})
		for range rapid.IntRange(1, 4*maxRTTs).Draw(t, "count") {
			c := any.Draw(t, "peer")
			rtt := times[c]
			if rapid.Bool().Draw(t, "late") {
				rtt.BackOff()
			} else {
				rtt.Sample(time.Duration(1+len(times)) * time.Millisecond)
			}
			if _, ok := times[c]; !ok {
				if order = append(order, c); len(order) > maxRTTs {
					delete(times, order[0])
					order = order[1:]
				}
			}
			times[c] = rtt
			r.set(c, rtt)
		}
		if c := any.Draw(t, "sought"); r.of(c) != times[c] {
			t.Fatalf("peer %d has %v, want %v", c, r.of(c), times[c])
		}
		r.each(func(c identity.Contact) {
			if _, ok := times[c]; !ok || r.of(c) != times[c] {
				t.Fatalf("peer %d has %v, want %v", c, r.of(c), times[c])
			}
			delete(times, c)
		})
		if len(times) > 0 {
			t.Fatalf("%d peers are missing", len(times))
		}
	})
}
