package report

import (
	"time"
)

// A Sample is the measurement of one lookup.
type Sample struct {
	Number             int           // of the workload's lookups, from 0 on, in the order of their beginning
	Started            time.Duration // since the run's start
	Succeeded          bool
	Hops               int // 0: nobody answered
	FirstReplicaHops   int // 0: none of the true k closest was named
	Rounds             int
	RoundsAfterClosest int
	RPCs               int
	Latency            time.Duration
	Bytes              uint64
	Recall             float64
	Found              bool // it was judged by what was returned: Recall counts
}
