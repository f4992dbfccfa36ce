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

// departedCases are about routing tables that contain a node that has left.
func departedCases() []Case {
	return []Case{{
		Name: "a node closes, nobody looks its place up, for up to 1 s",
		Play: closesUnasked,
		Why: "A kadmium node that ends tells its peers, which drop it at once. libp2p closes its connections, and a peer stays in a table " +
			"until a dial to it fails; until then it is named to others.",
	}, {
		Name: "a node closes, the others look its place up, for up to 7 s",
		Play: func(s *Stage) (string, error) { return leaves(s, side.Node.Close) },
	}, {
		Name: "a node closes in whose full bucket others would stand, its place is looked up, for up to 7 s",
		Play: replaced,
		Why: "libp2p gives the place to a peer that it is connected to. kadmium gives it to a contact that it found itself: those who wait here have spoken first, " +
			"unasked, as an attacker would who never leaves (R4.35), and get the place once the bucket was searched.",
	}, {
		Name: "a node crashes, the others look its place up, for up to 7 s",
		Play: func(s *Stage) (string, error) { return leaves(s, crash) },
		Why: "libp2p drops the peer at the first failure, but over an open connection that takes 20 s, in which it names it to others. " +
			"kadmium keeps it until its fifth failure, or until another waits for the place (Kademlia, section 4.1): lost datagrams are no departure. " +
			"It names it to nobody after the first, about 2 s later.",
	}}
}

// crash cuts a node off from the network, without any farewell.
func crash(n side.Node) error {
	n.Link().Cut()
	return nil
}

// noticedWithin is how long the lookups of a departed node may take. It is more than the
// 5 s after which libp2p gives up a dial (defaultDialTimeoutLocal of its swarm), and less
// than the 20 s that it waits for an answer over an open connection (10 s for each of two
// tries, internal/net/message_manager.go of its DHT).
const noticedWithin = 7 * time.Second

// depart has a node leave.
func depart(s *Stage, leave func(side.Node) error) (gone side.Node, others []side.Node, err error) {
	nodes, err := s.Converged(6)
	if err != nil {
		return nil, nil, err
	}
	gone, others = nodes[5], nodes[:5]
	return gone, others, leave(gone)
}

// remembered reports whether a node that has left is still in the tables of the others,
// and whether they name it to a newcomer.
func (s *Stage) remembered(gone side.Node, others []side.Node) (string, error) {
	newcomer, err := s.Join()
	if err != nil {
		return "", err
	}
	heard, err := s.toldAtJoin(newcomer, others[0])
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(others[1:], func(n side.Node) bool { return slices.Contains(heard, n.ID()) }) {
		return "", errToldOfNobody
	}
	words := "out of all tables"
	if inTable(gone, others) {
		words = "still in tables"
	}
	if slices.Contains(heard, gone.ID()) {
		return words + ", newcomers are told of it", nil
	}
	return words + ", newcomers are not told of it", nil
}

// inTable reports whether a node is in the table of any of the others.
func inTable(n side.Node, others []side.Node) bool {
	return slices.ContainsFunc(others, func(other side.Node) bool { return slices.Contains(other.Table(), n.ID()) })
}

// leaves has a node leave, and the others look its position up.
func leaves(s *Stage, leave func(side.Node) error) (string, error) {
	gone, others, err := depart(s, leave)
	if err != nil {
		return "", err
	}
	s.lookUpPosition(gone, others)
	return s.remembered(gone, others)
}

// closesUnasked closes a node that nobody then sends anything.
func closesUnasked(s *Stage) (string, error) {
	gone, others, err := depart(s, side.Node.Close)
	if err != nil {
		return "", err
	}
	s.Within(time.Second, func() bool { return !inTable(gone, others) }) // it may never come true
	return s.remembered(gone, others)
}

// lookUpPosition has nodes look up the position of another. Their results do not matter.
func (s *Stage) lookUpPosition(of side.Node, by []side.Node) {
	ctx, cancel := context.WithTimeout(s.Context, noticedWithin)
	defer cancel()
	own := of.ID().Bytes()
	var all sync.WaitGroup
	for _, n := range by {
		all.Go(func() { n.Closest(ctx, string(own[:])) })
	}
	all.Wait()
}

// errToldOfNobody reports a newcomer that was told of no node at all, so that nothing
// follows from what it was not told.
var errToldOfNobody = errors.New("the newcomer was not even told of those that live")

// joinWithin is how long a newcomer's lookup may take. Answers come at once, but it may
// wait for failed nodes that it was told of.
const joinWithin = 2 * time.Second

// toldAtJoin has a newcomer join by a node, and lists the nodes it is told of.
func (s *Stage) toldAtJoin(newcomer, by side.Node) (told []identity.ID, err error) {
	ctx, cancel := context.WithTimeout(s.Context, joinWithin)
	defer cancel()
	if n, ok := newcomer.(*kad.Node); ok {
		lookup, err := n.Kadmium().Bootstrap(ctx, by.(*kad.Node).Addresses()[0].String())
		if errors.Is(err, context.DeadlineExceeded) { // it waits for failed nodes
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
	_, err = lookUpListening(ctx, n, "a key", func(named []identity.ID) { told = append(told, named...) })
	if errors.Is(err, context.DeadlineExceeded) { // it waits for failed nodes
		err = nil
	}
	return told, err
}

// inTrace lists the peers in the trace of a lookup.
func inTrace(l kadmium.Lookup) []identity.ID {
	var ids []identity.ID
	for _, step := range l.Trace {
		ids = append(ids, step.Peer)
	}
	return ids
}

// smallBucket is a k too small for the farthest bucket to hold all nodes of its range.
const smallBucket = 3

// replaced closes a node in the full bucket of another, which then looks up its position.
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
	s.lookUpPosition(gone, []side.Node{n})
	if !s.Within(time.Second, func() bool { return !inTable(gone, []side.Node{n}) }) {
		return "still in the table", nil
	}
	if s.Within(noticedWithin, func() bool { return len(n.Table()) == smallBucket }) {
		return "out of the table, another has its place", nil
	}
	return "out of the table, nobody has its place", nil
}
