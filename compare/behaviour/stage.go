package behaviour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A Stage is where a case is played on one side: it makes nodes, and ends them when
// the case is over.
type Stage struct {
	Context context.Context // ends with the case
	Nodes   int             // the size of networks that the case leaves open
	Network *p2p.Network    // nil on kadmium's side
	Clock   *kad.Clock      // of kadmium's nodes; nil on libp2p's side, where time cannot be sent ahead

	maker side.Maker
	nodes []side.Node
	raws  []side.Raw
	made  int
}

func libp2pStage(nodes int) *Stage {
	network := p2p.NewNetwork()
	return &Stage{Nodes: nodes, Network: network, maker: network.New}
}

func kadmiumStage(nodes int) *Stage {
	clock := new(kad.Clock)
	return &Stage{Nodes: nodes, Clock: clock, maker: func(ctx context.Context, spec side.Spec) (side.Node, error) {
		return kad.Make(ctx, spec, func(c *kadmium.Config) { c.Clock = clock })
	}}
}

func (s *Stage) clear() {
	for _, n := range s.nodes {
		n.Close() // some are closed already
	}
	for _, r := range s.raws {
		r.Close()
	}
}

// Spec is a node of the matched profile with a key of its own, joining by these.
func (s *Stage) Spec(bootstrap ...side.Node) side.Spec {
	s.made++
	return side.Spec{Seed: world.Host(2, s.made), Profile: side.Matched, K: 20, Alpha: 3, Bootstrap: bootstrap}
}

// Make makes the node of a spec.
func (s *Stage) Make(spec side.Spec) (side.Node, error) {
	n, err := s.maker(s.Context, spec)
	if err != nil {
		return nil, err
	}
	s.nodes = append(s.nodes, n)
	return n, nil
}

// Join makes a server that joins by these nodes.
func (s *Stage) Join(bootstrap ...side.Node) (side.Node, error) { return s.Make(s.Spec(bootstrap...)) }

// Converged makes n servers, all but the first joining by it, and waits until they
// have converged.
func (s *Stage) Converged(n int) ([]side.Node, error) {
	var nodes []side.Node
	for range n {
		node, err := s.Join(nodes[:min(1, len(nodes))]...)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, s.Converge(nodes)
}

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

// IDs are the nodes'.
func IDs(nodes []side.Node) []identity.ID {
	var ids []identity.ID
	for _, n := range nodes {
		ids = append(ids, n.ID())
	}
	return ids
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
