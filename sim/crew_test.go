package sim

import (
	"testing"
	"time"
)

// Every shard is handled once in each window, by one worker at a time, whether the others
// wait or sleep when it begins.
func TestCrew(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 9} {
		const shards, windows = 7, 300
		var sum [shards]uint64
		var handled [shards]int // without a lock: the race detector sees whether one is needed
		c := newCrew(shards, workers, func(shard int, end time.Duration) {
			if handled[shard]++; time.Duration(handled[shard]) != end {
				t.Errorf("shard %d is handled for time %d in window %v", shard, handled[shard], end)
			}
			sum[shard] = busy(sum[shard], 10*shard)
		})
		for window := 1; window <= windows; window++ {
			c.work(time.Duration(window))
			for shard := range handled {
				if handled[shard] != window {
					t.Fatalf("%d workers: after window %d shard %d was handled %d times", workers, window, shard, handled[shard])
				}
			}
			if window%100 == 0 {
				sum[0] = busy(sum[0], 20*spins) // until the others sleep
			}
		}
		c.dismiss()
	}
}

func busy(x uint64, rounds int) uint64 {
	for range rounds {
		x = mix(x)
	}
	return x
}
