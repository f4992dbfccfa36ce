package behaviour

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/identity"
)

// departedCases are about tables with a node that has left.
func departedCases() []Case {
	return []Case{{
		Name: "a node closes, the others look its place up, for up to 7 s",
		Play: func(s *Stage) (string, error) { return departed(s, side.Node.Close) },
		Why: "libp2p is better: it drops a peer at the first dial that fails. kadmium keeps a contact until its fifth failure, " +
			"or until another waits for the place (Kademlia, section 4.1): lost datagrams are no departure. Meanwhile it names it to nobody.",
	}, {
		Name: "a node crashes, the others look its place up, for up to 7 s",
		Play: func(s *Stage) (string, error) { return departed(s, crash) },
		Why: "libp2p drops the peer at the first failure, but over an open connection that takes 20 s, in which it names it to others. " +
			"kadmium keeps it until its fifth failure (Kademlia, section 4.1), and names it to nobody after the first, about 2 s later.",
	}}
}

// crash ends a node without a word.
func crash(n side.Node) error {
	n.Link().Cut()
	return nil
}

// noticedWithin is how long the lookups of a departed node may take: more than the
// 5 s after which libp2p gives a dial up (defaultDialTimeoutLocal of its swarm), less
// than the 20 s that it waits over an open connection (10 s for each of two tries,
// internal/net/message_manager.go of its DHT).
const noticedWithin = 7 * time.Second

// departed says what becomes of a node that has left, once it has been looked up:
// whether it is in the tables of the others, and whether they tell a newcomer of it.
func departed(s *Stage, leave func(side.Node) error) (string, error) {
	nodes, err := s.Converged(6)
	if err != nil {
		return "", err
	}
	gone, others := nodes[5], nodes[:5]
	if err := leave(gone); err != nil {
		return "", err
	}
	s.lookUpPlace(gone, others)
	newcomer, err := s.Join()
	if err != nil {
		return "", err
	}
	heard, err := s.hear(newcomer, others[0])
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(others[1:], func(n side.Node) bool { return slices.Contains(heard, n.ID()) }) {
		return "", errHeardOfNobody
	}
	words := "out of all tables"
	for _, n := range others {
		if slices.Contains(n.Table(), gone.ID()) {
			words = "still in tables"
		}
	}
	if slices.Contains(heard, gone.ID()) {
		return words + ", newcomers are told of it", nil
	}
	return words + ", newcomers are not told of it", nil
}

// lookUpPlace has nodes look up where another stands, however that ends.
func (s *Stage) lookUpPlace(of side.Node, by []side.Node) {
	ctx, cancel := context.WithTimeout(s.Context, noticedWithin)
	defer cancel()
	own := of.ID().Bytes()
	var all sync.WaitGroup
	for _, n := range by {
		all.Go(func() { n.Closest(ctx, string(own[:])) })
	}
	all.Wait()
}

// errHeardOfNobody reports a newcomer that was told of no node at all: what it was
// not told says nothing.
var errHeardOfNobody = errors.New("the newcomer was not even told of those that live")

// hearsWithin is how long a newcomer's lookup may take: answers come at once, but it
// may have been told of the dead.
const hearsWithin = 2 * time.Second

// hear joins a newcomer by a node, and lists whom it is told of.
func (s *Stage) hear(newcomer, by side.Node) (told []identity.ID, err error) {
	ctx, cancel := context.WithTimeout(s.Context, hearsWithin)
	defer cancel()
	if n, ok := newcomer.(*kad.Node); ok {
		lookup, err := n.Kadmium().Bootstrap(ctx, by.(*kad.Node).Addresses()[0].String())
		if errors.Is(err, context.DeadlineExceeded) { // it waits for the dead
			err = nil
		}
		return inTrace(lookup), err
	}
	n := newcomer.(*p2p.Node)
	if err := n.Host().Connect(ctx, by.(*p2p.Node).Info()); err != nil {
		return nil, err
	}
	if err := s.Await(func() bool { return len(n.Table()) > 0 }); err != nil {
		return nil, err
	}
	_, err = heed(ctx, n, "a key", func(named []identity.ID) { told = append(told, named...) })
	if errors.Is(err, context.DeadlineExceeded) { // it waits for the dead
		err = nil
	}
	return told, err
}

// inTrace is the peers that a lookup met or heard of.
func inTrace(l kadmium.Lookup) []identity.ID {
	var ids []identity.ID
	for _, step := range l.Trace {
		ids = append(ids, step.Peer)
	}
	return ids
}
