package behaviour

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// Converge waits until each node's lookup of its own position returns exactly the nodes
// nearest to it.
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

// ErrNeverHappened reports a condition that did not come true within the time of the case.
var ErrNeverHappened = errors.New("never happened")

// pollEvery is the time between two checks of a condition.
const pollEvery = 5 * time.Millisecond

// Await waits until a condition holds, at most for the rest of the time of the case.
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

// Within waits until a condition holds, for up to d, and reports whether it came true.
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

// until waits until a time of the real clock.
func (s *Stage) until(t time.Time) error {
	return s.Await(func() bool { return time.Now().After(t) })
}

// quietFor is longer than the pauses between the packets of a busy node on loopback.
const quietFor = 50 * time.Millisecond

// quiet waits until no packets pass the link of a node.
func (s *Stage) quiet(n side.Node) error {
	return s.Await(func() bool { return n.Link().Quiet() > quietFor })
}
