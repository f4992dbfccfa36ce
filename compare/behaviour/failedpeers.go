package behaviour

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// failedPeerCases are about lookups in networks of which some nodes no longer answer.
func failedPeerCases() []Case {
	return []Case{{
		Name: "half of 24 nodes crash, a lookup at once, for 4 s",
		Play: halfFailed,
		Why: "libp2p waits 20 s for each peer that is silent on an open connection, and such a peer takes one of alpha places. " +
			"kadmium sets a peer aside when it overruns its usual round trip, and returns only peers that answered.",
	}, {
		Name: "4 of the 20 nearest are dead, not the nearest ones, and no connection to them is open",
		Play: fewFailed,
		Why: "libp2p's lookup ends when the 3 nearest have answered; its follow-up dials the rest, and does not look whether that works. " +
			"kadmium returns only peers that answered.",
	}, {
		Name: "the nearest peer takes requests and never answers, a lookup for 4 s",
		Play: silent,
		Why:  "libp2p waits 10 s for an answer, twice. kadmium's timeouts follow the round trips that it measured (RFC 6298): all tries are over in about 2 s.",
	}, {
		Name: "every peer that a node knows is dead",
		Play: allFailed,
		Why:  "When nobody at all is heard the node's own link may be down: kadmium says that nobody answered, and empties no table for it; it shows its contacts as failing.",
	}, {
		Name: "every peer that a node knows is dead: get",
		Play: allFailedGet,
		Why:  "Nobody answered, so nothing is known of the key: another error than for a key that nobody holds.",
	}}
}

// lookupWithin is how long a lookup among failed peers may take: less than libp2p waits
// for one of them, and more than all tries of kadmium take.
const lookupWithin = 4 * time.Second

// nearest sorts the nodes without the searcher by distance to the key, nearest first.
func nearest(nodes []side.Node, key string, searcher side.Node) []side.Node {
	var sorted []side.Node
	for _, id := range world.Nearest(IDs(nodes), []byte(key), len(nodes), searcher.ID()) {
		sorted = append(sorted, nodes[slices.IndexFunc(nodes, func(n side.Node) bool { return n.ID() == id })])
	}
	return sorted
}

func halfFailed(s *Stage) (string, error) {
	nodes, err := s.Converged(24)
	if err != nil {
		return "", err
	}
	searcher := nodes[1]
	var failed, alive []side.Node
	for i, n := range nearest(nodes, "half", searcher) {
		if i%2 == 0 {
			crash(n)
			failed = append(failed, n)
		} else {
			alive = append(alive, n)
		}
	}
	return lookUpAmongFailed(s, searcher, "half", IDs(failed), IDs(alive))
}

// lookUpAmongFailed looks up a key, and says how that ended and whom the result names.
func lookUpAmongFailed(s *Stage, searcher side.Node, key string, failed, alive []identity.ID) (string, error) {
	ctx, cancel := context.WithTimeout(s.Context, lookupWithin)
	defer cancel()
	found, err := searcher.Closest(ctx, key)
	return fmt.Sprintf("%s; names %s of the live, %s of the dead", outcome(err), howMany(found.Peers, alive), howMany(found.Peers, failed)), nil
}

func fewFailed(s *Stage) (string, error) {
	nodes, err := s.Converged(24)
	if err != nil {
		return "", err
	}
	searcher := nodes[1]
	sorted := nearest(nodes, "few", searcher)
	failed := sorted[12:16]
	if err := s.crashUnconnected(searcher, failed); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.Context, 3*lookupWithin)
	defer cancel()
	found, err := searcher.Closest(ctx, "few")
	return fmt.Sprintf("%s; names %s of the live nearest, %s of the dead", outcome(err),
		howMany(found.Peers, IDs(slices.Concat(sorted[:12], sorted[16:20]))), howMany(found.Peers, IDs(failed))), nil
}

// silent has a peer of the searcher's table receive requests and answer none.
func silent(s *Stage) (string, error) {
	return nearestReplies(s, side.Reply{Silent: true})
}

// nearestReplies looks up a key, the nearest peer to which gives the same reply to every
// request.
func nearestReplies(s *Stage, reply side.Reply) (string, error) {
	nodes, peer, told, err := withHostilePeer(s)
	if err != nil {
		return "", err
	}
	told.reply.Store(&reply)
	before := told.asked.Load()
	name := nameNearest(peer.ID(), IDs(nodes))
	words, err := lookUpAmongFailed(s, nodes[0], side.Key(name), []identity.ID{peer.ID()}, IDs(nodes[1:]))
	if err == nil && told.asked.Load() == before {
		return "the peer is not asked", nil
	}
	return words, err
}

// crashUnconnected crashes nodes, and closes the connections of a searcher to them.
func (s *Stage) crashUnconnected(searcher side.Node, nodes []side.Node) error {
	for _, n := range nodes {
		crash(n)
		if err := s.disconnect(searcher, n); err != nil {
			return err
		}
	}
	return nil
}

// lastAlive makes a node whose contacts have all crashed.
func (s *Stage) lastAlive() (side.Node, error) {
	nodes, err := s.Converged(4)
	if err != nil {
		return nil, err
	}
	return nodes[1], s.crashUnconnected(nodes[1], slices.Concat(nodes[:1], nodes[2:]))
}

func allFailedGet(s *Stage) (string, error) {
	n, err := s.lastAlive()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.Context, 3*lookupWithin)
	defer cancel()
	_, err = n.Get(ctx, "a key", 1)
	return outcome(err), nil
}

func allFailed(s *Stage) (string, error) {
	n, err := s.lastAlive()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.Context, 3*lookupWithin)
	defer cancel()
	found, err := n.Closest(ctx, "a key")
	words := "; the table keeps them"
	if len(n.Table()) == 0 {
		words = "; the table is empty"
	}
	return outcome(err) + ", " + soFar(found) + words, nil
}
