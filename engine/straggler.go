package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
)

// lateOver times the median round trip time is how long a lookup of an operation waits for a
// straggler (design R5.27), where fewestLate contacts or more were measured.
const (
	lateOver   = 3
	fewestLate = 5
)

// lateAfter is W: a multiple of the median round trip time of the table's contacts, one of a
// subnet, so that no few of them decide it.
func (e *Engine) lateAfter() time.Duration {
	times := make([]time.Duration, 0, maxRTTs)
	counted := make(map[identity.NetGroup]bool)
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		rtt := e.rtts.of(c).Smoothed()
		if rtt == 0 || failures > 0 || len(times) == cap(times) {
			return
		}
		if group := e.book.Address(c).NetGroup(); !counted[group] {
			counted[group] = true
			times = append(times, rtt)
		}
	})
	if len(times) < fewestLate {
		return lookup.MaxLate
	}
	slices.Sort(times)
	return min(max(lateOver*times[len(times)/2], lookup.MinLate), lookup.MaxLate)
}
