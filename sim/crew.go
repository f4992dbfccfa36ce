package sim

import (
	"sync"
	"time"
)

// A crew handles the shards of a network, each in a goroutine of its own but for the first,
// which the caller of work handles.
type crew struct {
	handle  func(shard int, end time.Duration)
	windows []chan time.Duration // of each goroutine; closed at the end
	busy    sync.WaitGroup
}

func newCrew(shards int, handle func(shard int, end time.Duration)) *crew {
	c := &crew{handle: handle}
	for shard := 1; shard < shards; shard++ {
		windows := make(chan time.Duration)
		c.windows = append(c.windows, windows)
		go func() {
			for end := range windows {
				c.handle(shard, end)
				c.busy.Done()
			}
		}()
	}
	return c
}

// work has all shards handle a window, and waits until they have.
func (c *crew) work(end time.Duration) {
	c.busy.Add(len(c.windows))
	for _, w := range c.windows {
		w <- end
	}
	c.handle(0, end)
	c.busy.Wait()
}

// dismiss ends the goroutines.
func (c *crew) dismiss() {
	for _, w := range c.windows {
		close(w)
	}
}
