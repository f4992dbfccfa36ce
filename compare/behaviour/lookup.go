package behaviour

import (
	"fmt"
	"slices"
	"sync"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

func lookupCases() []Case {
	cases := []Case{{
		Name: "20 keys looked up in a converged network",
		Play: exact,
	}, {
		Name: "10 lookups of one key at a time",
		Play: concurrent,
	}, {
		Name: "a node looks its own position up",
		Play: ownPosition,
	}, {
		Name: "requests of 10 lookups",
		Play: askedTwice,
		Why: "When libp2p's lookup ends it drops the answers that are under way, and its follow-up asks those peers again. " +
			"kadmium takes every answer, and asks the rest of the k nearest at once when the nearest has answered.",
	}, {
		Name: "whom a node names that knows only the asker",
		Play: namesAsker,
		Why:  "The specification of libp2p has the target named even to itself. A kadmium node is told its address by every answer.",
	}, {
		Name: "find a peer that is known",
		Play: func(s *Stage) (string, error) {
			return findPeer(s, func(nodes []side.Node) (side.Node, identity.ID) { return nodes[1], tableMember(nodes).ID() })
		},
		Why: "libp2p is better: while a connection is open it asks nobody. kadmium promises that the peer has just answered at the address it gives.",
	}, {
		Name: "find a peer that does not exist",
		Play: func(s *Stage) (string, error) {
			return findPeer(s, func(nodes []side.Node) (side.Node, identity.ID) { return nodes[1], world.Host(2, 0).ID() })
		},
	}, {
		Name: "find a peer that has just crashed",
		Play: func(s *Stage) (string, error) {
			return findPeer(s, func(nodes []side.Node) (side.Node, identity.ID) {
				crashed := tableMember(nodes)
				crash(crashed)
				return nodes[1], crashed.ID()
			})
		},
		Why: "libp2p takes an open connection for a peer that is there, until QUIC's idle timeout of 30 s. kadmium asks the peer.",
	}, {
		Name: "find oneself",
		Play: func(s *Stage) (string, error) {
			return findPeer(s, func(nodes []side.Node) (side.Node, identity.ID) { return nodes[1], nodes[1].ID() })
		},
	}}
	return append(cases, failedPeerCases()...)
}

// exact compares the results of lookups with the true nearest nodes.
func exact(s *Stage) (string, error) {
	nodes, err := s.Converged(max(25, s.Nodes))
	if err != nil {
		return "", err
	}
	ids := IDs(nodes)
	sorted, complete := true, true
	for i := range 20 {
		searcher, key := nodes[i%len(nodes)], fmt.Sprintf("key %d", i)
		found, err := searcher.Closest(s.Context, key)
		if err != nil {
			return "", err
		}
		want := world.Nearest(ids, []byte(key), 20, searcher.ID())
		sorted = sorted && slices.Equal(found.Peers, world.Nearest(found.Peers, []byte(key), len(found.Peers), identity.ID{}))
		for _, id := range want {
			complete = complete && slices.Contains(found.Peers, id) && len(found.Peers) == len(want)
		}
	}
	words := "not always the 20 nearest"
	if complete {
		words = "each gives exactly the 20 nearest"
	}
	if !sorted {
		return words + ", not always in order", nil
	}
	return words + ", in order", nil
}

func concurrent(s *Stage) (string, error) {
	nodes, err := s.Converged(max(25, s.Nodes))
	if err != nil {
		return "", err
	}
	const lookups = 10
	var found [lookups]side.Result
	var errs [lookups]error
	var all sync.WaitGroup
	for i := range lookups {
		all.Go(func() { found[i], errs[i] = nodes[1].Closest(s.Context, "one key") })
	}
	all.Wait()
	want := world.Nearest(IDs(nodes), []byte("one key"), 20, nodes[1].ID())
	for i := range lookups {
		if errs[i] != nil {
			return "some fail: " + outcome(errs[i]), nil
		}
		if !slices.Equal(found[i].Peers, want) {
			return "not all give the 20 nearest", nil
		}
	}
	return "all give the same 20, the nearest", nil
}

func ownPosition(s *Stage) (string, error) {
	nodes, err := s.Converged(max(4, s.Nodes))
	if err != nil {
		return "", err
	}
	own := nodes[1].ID().Bytes()
	found, err := nodes[1].Closest(s.Context, string(own[:]))
	if err != nil {
		return "", err
	}
	if slices.Contains(found.Peers, nodes[1].ID()) {
		return "finds itself", nil
	}
	if slices.Equal(found.Peers, world.Nearest(IDs(nodes), own[:], 20, nodes[1].ID())) {
		return "finds the others, not itself", nil
	}
	return "finds neither itself nor all the others", nil
}

// mostLookups is how many of 10 lookups are "most". In any of them a busy machine may
// delay an answer, so that a request is sent again.
const mostLookups = 6

// askedTwice says whether most lookups send some peer more than one request,
// retransmissions included.
func askedTwice(s *Stage) (string, error) {
	nodes, err := s.Converged(max(25, s.Nodes))
	if err != nil {
		return "", err
	}
	twice := 0
	for i, n := range nodes[:10] {
		if err := s.quiet(n); err != nil {
			return "", err
		}
		found, err := n.Closest(s.Context, fmt.Sprintf("key %d", i))
		if err != nil {
			return "", err
		}
		if err := s.quiet(n); err != nil { // libp2p sends its last requests after it has the result
			return "", err
		}
		if counts := found.Counts(); counts.Requests > counts.Asked {
			twice++
		}
	}
	if twice < mostLookups {
		return "most lookups send each peer one request", nil
	}
	return "most lookups send some peers two requests", nil
}

// pair makes two nodes that have only each other in their tables.
func pair(s *Stage) (asker, asked side.Node, err error) {
	nodes, err := s.Converged(2)
	if err != nil {
		return nil, nil, err
	}
	return nodes[0], nodes[1], s.Await(func() bool {
		return slices.Contains(nodes[0].Table(), nodes[1].ID()) && slices.Contains(nodes[1].Table(), nodes[0].ID())
	})
}

// namesAsker says whom a node names to its only contact, which asks it for a key and for
// the asker's own ID.
func namesAsker(s *Stage) (string, error) {
	asker, _, err := pair(s)
	if err != nil {
		return "", err
	}
	own := asker.ID().Bytes()
	var words [2]string
	for i, key := range []string{"a key", string(own[:])} {
		answers, named := 0, 0
		_, err := lookUpListening(s.Context, asker, key, func(all []identity.ID) { answers, named = answers+1, named+len(all) })
		switch {
		case err != nil:
			return "", err
		case answers == 0:
			words[i] = "no answer"
		case named == 0:
			words[i] = "nobody"
		default:
			words[i] = "the asker"
		}
	}
	return fmt.Sprintf("for a key: %s; for the asker's ID: %s", words[0], words[1]), nil
}

// tableMember is a node in the table of the second node.
func tableMember(nodes []side.Node) side.Node {
	table := nodes[1].Table()
	return nodes[slices.IndexFunc(nodes, func(n side.Node) bool { return slices.Contains(table, n.ID()) })]
}

// findPeer has a node of a small network find a peer, and says how many nodes it asked.
func findPeer(s *Stage, choose func([]side.Node) (side.Node, identity.ID)) (string, error) {
	nodes, err := s.Converged(max(4, s.Nodes))
	if err != nil {
		return "", err
	}
	searcher, sought := choose(nodes)
	found, err := searcher.FindPeer(s.Context, sought)
	result := "found"
	if err != nil {
		result = outcome(err)
	}
	switch asked := found.Counts().Asked; asked {
	case 0:
		return result + ", nobody is asked", nil
	case 1:
		return result + ", one peer is asked", nil
	default:
		return result + ", several peers are asked", nil
	}
}
