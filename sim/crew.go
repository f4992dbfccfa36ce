package sim

import (
	"sync"
	"sync/atomic"
	"time"
)

// A crew handles the shards of a network, window by window: the caller of work and a few
// goroutines each take a shard that nobody has taken yet, until none is left. There are
// more shards than workers, so those that are done early take what the others have not
// begun. A window is often shorter than it takes to wake a goroutine: so a worker
// that waits first spins.
type crew struct {
	handle func(shard int, end time.Duration)
	end    time.Duration   // of the present window; written between windows
	window atomic.Uint64   // the number of the present window
	taken  []atomic.Uint64 // by shard: the window in which it was taken last
	left   atomic.Int64    // shards that are not handled yet
	over   atomic.Bool     // there are no more windows
	begun  []*signal       // by worker: there is a window, or no more
	done   *signal         // nothing is left
	ended  sync.WaitGroup
}

// newCrew has a number of workers, the caller of work included.
func newCrew(shards, workers int, handle func(shard int, end time.Duration)) *crew {
	c := &crew{handle: handle, taken: make([]atomic.Uint64, shards), done: newSignal()}
	for worker := 1; worker < min(workers, shards); worker++ {
		begun := newSignal()
		c.begun = append(c.begun, begun)
		c.ended.Go(func() { c.follow(begun, worker*shards/workers) })
	}
	return c
}

// work has all shards handled in a window, and waits until they are.
func (c *crew) work(end time.Duration) {
	c.end = end
	c.left.Store(int64(len(c.taken)))
	window := c.window.Add(1)
	for _, s := range c.begun {
		s.give()
	}
	c.take(window, 0)
	c.done.await(func() bool { return c.left.Load() == 0 })
}

// follow handles shards in one window after the other, those from first on first.
func (c *crew) follow(begun *signal, first int) {
	for window := uint64(0); ; {
		begun.await(func() bool { return c.window.Load() != window || c.over.Load() })
		if c.over.Load() {
			return
		}
		window = c.window.Load()
		c.take(window, first)
	}
}

// take handles the shards that nobody has taken in a window. If the window is over, it
// takes none.
func (c *crew) take(window uint64, first int) {
	for i := range c.taken {
		shard := (first + i) % len(c.taken)
		if !c.taken[shard].CompareAndSwap(window-1, window) {
			continue
		}
		c.handle(shard, c.end)
		if c.left.Add(-1) == 0 {
			c.done.give()
		}
	}
}

// dismiss ends the goroutines.
func (c *crew) dismiss() {
	c.over.Store(true)
	for _, s := range c.begun {
		s.give()
	}
	c.ended.Wait()
}

// A signal tells one goroutine that what it waits for may have come.
type signal struct {
	sleeping atomic.Bool
	wake     chan struct{}
}

func newSignal() *signal { return &signal{wake: make(chan struct{}, 1)} }

// spins is how often a goroutine asks before it sleeps: for some tens of microseconds,
// more than most windows of small networks take.
const spins = 1 << 15

// await returns once the condition holds. Whoever makes it hold calls give afterwards.
func (s *signal) await(holds func() bool) {
	for range spins {
		if holds() {
			return
		}
	}
	for !holds() {
		s.sleeping.Store(true)
		if holds() && s.sleeping.CompareAndSwap(true, false) {
			return
		}
		<-s.wake
	}
}

// give wakes the goroutine, if it sleeps.
func (s *signal) give() {
	if s.sleeping.CompareAndSwap(true, false) {
		s.wake <- struct{}{}
	}
}
