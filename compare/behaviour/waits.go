package behaviour

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// Converge waits until each node's lookup of its own place finds exactly those of
// the nodes that are nearest to it.
func (s *Stage) Converge(nodes []side.Node) error {
	ids := IDs(nodes)
	for _, n := range nodes {
		own := n.ID().Bytes()
		want := world.Nearest(ids, own[:], 20, n.ID())
		err := s.Await(func() bool {
			found, err := n.Closest(s.Context, string(own[:]))
			return err == nil && slices.Equal(found.Peers, want)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ErrNeverHappened reports a condition that did not come true before the case's
// time was over.
var ErrNeverHappened = errors.New("never happened")

// pollEvery is how often a condition is looked at.
const pollEvery = 5 * time.Millisecond

// Await waits until a condition holds, or for the rest of the case's time.
func (s *Stage) Await(condition func() bool) error {
	for !condition() {
		select {
		case <-s.Context.Done():
			return fmt.Errorf("%w: %w", ErrNeverHappened, s.Context.Err())
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// now is the time of the nodes.
func (s *Stage) now() time.Time {
	if s.Clock != nil {
		return s.Clock.Now()
	}
	return time.Now()
}

// On kadmium's side so much time passes within passEvery, which is long enough for an
// answer to come back before the clock is sent ahead again.
const (
	passEvery = 50 * time.Millisecond
	passes    = 2 * time.Second
)

// AwaitLong waits until a condition holds, for up to d of the nodes' time, which
// kadmium's side is spared, and reports whether it came true.
func (s *Stage) AwaitLong(d time.Duration, condition func() bool) (bool, error) {
	for end := s.now().Add(d); s.now().Before(end); {
		if s.Within(passEvery, condition) {
			return true, nil
		}
		if err := s.Context.Err(); err != nil {
			return false, fmt.Errorf("%w: %w", ErrNeverHappened, err)
		}
		if s.Clock != nil {
			s.Clock.Leap(passes)
		}
	}
	return false, nil
}

// Within reports whether a condition comes true within d.
func (s *Stage) Within(d time.Duration, condition func() bool) bool {
	end := time.Now().Add(d)
	for !condition() {
		if time.Now().After(end) || s.Context.Err() != nil {
			return false
		}
		time.Sleep(pollEvery)
	}
	return true
}

// until waits for a time.
func (s *Stage) until(t time.Time) error {
	return s.Await(func() bool { return time.Now().After(t) })
}

// quietFor is longer than a node at work is silent between two packets of loopback.
const quietFor = 50 * time.Millisecond

// quiet waits until nothing passes a node's link.
func (s *Stage) quiet(n side.Node) error {
	return s.Await(func() bool { return n.Link().Quiet() > quietFor })
}
