package behaviour

import (
	"fmt"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/side"
	"kadmium/compare/world"
)

// lifetime is long enough to get a value before it expires.
const lifetime = 1500 * time.Millisecond

// margin is more than a lifetime grows because a message with the remaining lifetime
// waits for a busy processor, and less than the half lifetime by which it grows in libp2p.
const margin = 300 * time.Millisecond

// shortLived makes three nodes, each with a validator of its own. What putShortLived puts
// there expires after a lifetime.
func shortLived(s *Stage) ([]side.Node, []*world.Sequenced, error) {
	var nodes []side.Node
	var validators []*world.Sequenced
	for range 3 {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.MaxAge, spec.Validator = lifetime, new(world.Sequenced) // MaxAge is of libp2p's side
		n, err := s.Make(spec)
		if err != nil {
			return nil, nil, err
		}
		nodes, validators = append(nodes, n), append(validators, spec.Validator)
	}
	return nodes, validators, s.Converge(nodes)
}

func putShortLived(s *Stage, n side.Node) (ends time.Time, err error) {
	if k, ok := n.(*kad.Node); ok {
		_, err = k.PutAs(s.Context, side.Key("brief"), world.Value(1, "brief"), kadmium.PutOptions{TTL: lifetime, Ephemeral: true})
	} else {
		_, err = n.Put(s.Context, "brief", world.Value(1, "brief"))
	}
	return time.Now().Add(lifetime), err
}

// afterwards is what a get after the end of the lifetime comes to.
func afterwards(s *Stage, n side.Node, ends time.Time) (string, error) {
	if err := s.until(ends.Add(margin)); err != nil {
		return "", err
	}
	r, err := n.Get(s.Context, "brief", 0)
	return getOutcome(r, err), nil
}

func expires(s *Stage) (string, error) {
	nodes, _, err := shortLived(s)
	if err != nil {
		return "", err
	}
	ends, err := putShortLived(s, nodes[1])
	if err != nil {
		return "", err
	}
	r, err := nodes[2].Get(s.Context, "brief", 0)
	before := getOutcome(r, err)
	after, err := afterwards(s, nodes[2], ends)
	return fmt.Sprintf("%s before it, %s after it", before, after), err
}

// repairedLate has a get repair a holder that has no record half a lifetime after the
// put, and gets again after the lifetime.
func repairedLate(s *Stage) (string, error) {
	nodes, validators, err := shortLived(s)
	if err != nil {
		return "", err
	}
	validators[2].Refuse("brief")
	ends, err := putShortLived(s, nodes[1])
	if err != nil {
		return "", err
	}
	validators[2].Refuse("nothing")
	asker, err := s.client(nodes[0])
	if err != nil {
		return "", err
	}
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	if err := s.until(ends.Add(-lifetime / 2)); err != nil {
		return "", err
	}
	if _, err := asker.Get(s.Context, "brief", 0); err != nil {
		return "", err
	}
	given := s.Within(lifetime/2, func() bool {
		value, err := peer.Fetch(s.Context, nodes[2], side.Key("brief"))
		return err == nil && value != nil
	})
	if !given {
		return "the holder is not mended", nil
	}
	return afterwards(s, asker, ends)
}

// libp2pExpires plays with a short lifetime what takes libp2p 48 h. No periodic task of
// libp2p is due before its end in either case.
func libp2pExpires(s *Stage) (string, error) {
	nodes, _, err := shortLived(s)
	if err != nil {
		return "", err
	}
	ends, err := putShortLived(s, nodes[1])
	if err != nil {
		return "", err
	}
	return afterwards(s, nodes[2], ends)
}

// kadmiumRepublishes lets 24 hours pass by setting the clock ahead: first to when the
// putter republishes, then to after the end of the first lifetime.
func kadmiumRepublishes(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "brief", world.Value(1, "brief")); err != nil {
		return "", err
	}
	s.Clock.Leap(22*time.Hour + time.Minute)
	s.Within(5*time.Second, func() bool { // it may never come true: the get below shows it
		held, err := nodes[2].(*kad.Node).Kadmium().Get(s.Context, side.Key("brief"), kadmium.GetOptions{})
		return err == nil && held.Expires.Sub(s.Clock.Now()) > 12*time.Hour
	})
	s.Clock.Leap(2 * time.Hour)
	r, err := nodes[2].Get(s.Context, "brief", 0)
	return getOutcome(r, err), nil
}
