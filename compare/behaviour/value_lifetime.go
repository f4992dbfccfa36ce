package behaviour

import (
	"fmt"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/side"
	"kadmium/compare/world"
)

// lifetime is long enough to get a value before it has run out.
const lifetime = 1500 * time.Millisecond

// libp2pBrief is three nodes that keep records for a lifetime.
func libp2pBrief(s *Stage) ([]side.Node, error) {
	var nodes []side.Node
	for range 3 {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.MaxAge = lifetime
		n, err := s.Make(spec)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, s.Converge(nodes)
}

func libp2pExpires(s *Stage) (string, error) {
	nodes, err := libp2pBrief(s)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "brief", world.Value(1, "brief")); err != nil {
		return "", err
	}
	return expires(s, nodes[2])
}

func kadmiumExpires(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	brief := kadmium.PutOptions{TTL: lifetime, Ephemeral: true}
	if _, err := nodes[1].(*kad.Node).PutAs(s.Context, side.Key("brief"), world.Value(1, "brief"), brief); err != nil {
		return "", err
	}
	return expires(s, nodes[2])
}

// expires gets a value until it is gone.
func expires(s *Stage, n side.Node) (string, error) {
	r, err := n.Get(s.Context, "brief", 0)
	before, after := getting(r, err), ""
	s.Within(3*lifetime, func() bool {
		r, err := n.Get(s.Context, "brief", 0)
		after = getting(r, err)
		return after != before
	})
	return fmt.Sprintf("%s before it, %s after it", before, after), nil
}

// libp2pOutdates plays with a short lifetime what takes libp2p 48 h: nothing in it
// is due before the lifetime is over.
func libp2pOutdates(s *Stage) (string, error) {
	nodes, err := libp2pBrief(s)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "brief", world.Value(1, "brief")); err != nil {
		return "", err
	}
	over := time.Now().Add(lifetime)
	if err := s.Await(func() bool { return time.Now().After(over) }); err != nil {
		return "", err
	}
	r, err := nodes[2].Get(s.Context, "brief", 0)
	return getting(r, err), nil
}

// kadmiumRepublishes plays the 24 hours by a clock that is sent ahead: to when the
// putter is due, then to after the end of the first lifetime.
func kadmiumRepublishes(s *Stage) (string, error) {
	clock := new(kad.Clock)
	var nodes []side.Node
	for range 3 {
		n, err := kad.Make(s.Context, s.Spec(nodes[:min(1, len(nodes))]...), func(c *kadmium.Config) { c.Clock = clock })
		if err != nil {
			return "", err
		}
		s.nodes, nodes = append(s.nodes, n), append(nodes, n)
	}
	if err := s.Converge(nodes); err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "brief", world.Value(1, "brief")); err != nil {
		return "", err
	}
	clock.Leap(22*time.Hour + time.Minute)
	s.Within(5*time.Second, func() bool { // or not at all: the get will tell
		held, err := nodes[2].(*kad.Node).Kadmium().Get(s.Context, side.Key("brief"), kadmium.GetOptions{})
		return err == nil && held.Expires.Sub(clock.Now()) > 12*time.Hour
	})
	clock.Leap(2 * time.Hour)
	r, err := nodes[2].Get(s.Context, "brief", 0)
	return getting(r, err), nil
}
