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

// margin is more than a lifetime grows where a message that says what is left of it
// waits for a busy processor, and less than the half by which it grows in libp2p.
const margin = 300 * time.Millisecond

// brief is three nodes, each with a validator of its own; what putBrief puts there
// lasts for a lifetime.
func shortLived(s *Stage) ([]side.Node, []*world.Sequenced, error) {
	var nodes []side.Node
	var validators []*world.Sequenced
	for range 3 {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.MaxAge, spec.Validator = lifetime, new(world.Sequenced) // the age is libp2p's
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
	if err := s.until(ends.Add(margin)); err != nil {
		return "", err
	}
	r, err = nodes[2].Get(s.Context, "brief", 0)
	return fmt.Sprintf("%s before it, %s after it", before, getOutcome(r, err)), nil
}

// mendedLate has a get mend a holder that had nothing, near the end of the lifetime,
// and another get ask after it.
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
	stranger, err := s.rawPeer()
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
		value, err := stranger.Fetch(s.Context, nodes[2], side.Key("brief"))
		return err == nil && value != nil
	})
	if !given {
		return "the holder is not mended", nil
	}
	if err := s.until(ends.Add(margin)); err != nil {
		return "", err
	}
	r, err := asker.Get(s.Context, "brief", 0)
	return getOutcome(r, err), nil
}

// libp2pOutdates plays with a short lifetime what takes libp2p 48 h: nothing in it
// is due before the lifetime is over.
func libp2pExpires(s *Stage) (string, error) {
	nodes, _, err := shortLived(s)
	if err != nil {
		return "", err
	}
	ends, err := putShortLived(s, nodes[1])
	if err != nil {
		return "", err
	}
	if err := s.until(ends.Add(margin)); err != nil {
		return "", err
	}
	r, err := nodes[2].Get(s.Context, "brief", 0)
	return getOutcome(r, err), nil
}

// kadmiumRepublishes plays the 24 hours by a clock that is sent ahead: to when the
// putter is due, then to after the end of the first lifetime.
func kadmiumRepublishes(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "brief", world.Value(1, "brief")); err != nil {
		return "", err
	}
	s.Clock.Leap(22*time.Hour + time.Minute)
	s.Within(5*time.Second, func() bool { // or not at all: the get will tell
		held, err := nodes[2].(*kad.Node).Kadmium().Get(s.Context, side.Key("brief"), kadmium.GetOptions{})
		return err == nil && held.Expires.Sub(s.Clock.Now()) > 12*time.Hour
	})
	s.Clock.Leap(2 * time.Hour)
	r, err := nodes[2].Get(s.Context, "brief", 0)
	return getOutcome(r, err), nil
}
