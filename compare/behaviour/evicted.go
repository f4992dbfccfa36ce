package behaviour

import (
	"slices"
	"time"

	"kadmium/compare/side"
	"kadmium/identity"
)

// evictedCases are about how a node that has left is out of the tables in the end.
func evictedCases() []Case {
	return []Case{{
		Name: "a node closes, the others look its place up once: when it is out of all tables",
		Play: evicted,
		Why: "libp2p is better: it drops a peer at the first dial that fails. kadmium pings a contact that failed again after 1, 4, 16 and 64 s, " +
			"and drops it at the fifth failure (Kademlia, section 4.1); here it does so on a clock that is sent ahead.",
	}, {
		Name: "a node closes in whose full bucket others would stand, its place is looked up once",
		Play: replaced,
	}}
}

// Either side needs less, on a busy machine too: libp2p gives a dial up after 5 s,
// kadmium a contact after some 90 s.
const (
	evictedSoon = 15 * time.Second
	evictedLate = 5 * time.Minute
)

// evicted says when a node that has left is in no table any more.
func evicted(s *Stage) (string, error) {
	nodes, err := s.Converged(6)
	if err != nil {
		return "", err
	}
	gone, others := nodes[5], nodes[:5]
	if err := gone.Close(); err != nil {
		return "", err
	}
	began := s.now()
	s.lookUpPlace(gone, others)
	out, err := s.AwaitLong(evictedLate, func() bool {
		return !slices.ContainsFunc(others, func(n side.Node) bool { return slices.Contains(n.Table(), gone.ID()) })
	})
	switch took := s.now().Sub(began); {
	case err != nil:
		return "", err
	case !out:
		return "later than 5 min", nil
	case took < evictedSoon:
		return "within 15 s", nil
	default:
		return "within 5 min", nil
	}
}

// smallBucket is the k of a node whose farthest bucket has not room for all.
const smallBucket = 3

// replaced closes a node that stands in the full bucket of another, which then looks
// its place up.
func replaced(s *Stage) (string, error) {
	spec := s.Spec()
	spec.K = smallBucket
	n, err := s.Make(spec)
	if err != nil {
		return "", err
	}
	at := n.ID().Position()
	for range smallBucket + 3 {
		other := s.Spec(n)
		for id := other.Seed.ID().Position(); identity.CommonPrefixLen(&at, &id) > 0; id = other.Seed.ID().Position() {
			other = s.Spec(n)
		}
		if _, err := s.Make(other); err != nil {
			return "", err
		}
	}
	if err := s.Await(func() bool { return len(n.Table()) == smallBucket }); err != nil {
		return "", err
	}
	if err := s.quiet(n); err != nil {
		return "", err
	}
	before := n.Table()
	others := s.nodes[1:]
	gone := others[slices.IndexFunc(others, func(n side.Node) bool { return slices.Contains(before, n.ID()) })]
	if err := gone.Close(); err != nil {
		return "", err
	}
	s.lookUpPlace(gone, []side.Node{n})
	out := s.Within(noticedWithin, func() bool { return !slices.Contains(n.Table(), gone.ID()) })
	if !out {
		return "still in the table", nil
	}
	if s.Within(noticedWithin, func() bool { return len(n.Table()) == smallBucket }) {
		return "out of the table, another has its place", nil
	}
	return "out of the table, nobody has its place", nil
}
