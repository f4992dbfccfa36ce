package behaviour

import (
	"errors"
	"slices"
	"time"

	"kadmium"
	"kadmium/compare/side"
	"kadmium/compare/world"
)

// holderCases are about the nodes that hold a value: how many of them a get asks, which
// it repairs, and what is left after they leave.
func holderCases() []Case {
	return []Case{
		{
			Name: "one holder has an older value: after a get from all",
			Play: func(s *Stage) (string, error) { return repaired(s, 0) },
		},
		{
			Name: "one holder has an older value: after a get with quorum 1",
			Play: func(s *Stage) (string, error) { return repaired(s, 1) },
		},
		{
			Name: "get with quorum 1, all of 10 hold the value",
			Play: func(s *Stage) (string, error) { return quorumOfOne(s, 10) },
		},
		{
			Name: "get with quorum 1, only the nearest of 10 holds the value",
			Play: func(s *Stage) (string, error) { return quorumOfOne(s, 1) },
			Why:  "A quorum of n is n answers: one valid record ends the get. Libp2p's waits for n + 1, so with quorum 1 it weighs two values against each other, but goes on to the end when there is only one to be had.",
		},
		{
			Name: "3 holders, 5 newcomers join, the 3 leave: get",
			Play: valueOutlivesHolders,
			Why:  "The nearest holder hands a newcomer what it should hold (Kademlia, section 2.5), and holders store again each hour. Libp2p never moves a value that its putter does not put again (its issue 323).",
		},
	}
}

// repairedWithin is how long a repair may take.
const repairedWithin = time.Second

// repaired gives all holders except one a newer value, gets it, and asks that one.
func repaired(s *Stage, quorum int) (string, error) {
	nodes, validators, err := s.withValidators(6)
	if err != nil {
		return "", err
	}
	stale := nodes[2]
	if _, err := nodes[1].Put(s.Context, "page", world.Value(1, "version 1")); err != nil {
		return "", err
	}
	validators[2].Refuse("version 2")
	if _, err := nodes[1].Put(s.Context, "page", world.Value(2, "version 2")); err != nil {
		return "", err
	}
	validators[2].Refuse("neither") // the holder now accepts both versions
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	before, err := peer.Fetch(s.Context, stale, side.Key("page"))
	if err != nil {
		return "", err
	}
	asker, err := s.client(nodes[0])
	if err != nil {
		return "", err
	}
	if _, err := asker.Get(s.Context, "page", quorum); err != nil {
		return "", err
	}
	after := before
	s.Within(repairedWithin, func() bool {
		value, err := peer.Fetch(s.Context, stale, side.Key("page"))
		if err == nil {
			after = value
		}
		return payload(after) != payload(before)
	})
	return "it had " + payload(before) + " and has " + payload(after), nil
}

// quorumOfOne has the given number of 10 nodes hold a value, and a client get it.
func quorumOfOne(s *Stage, holders int) (string, error) {
	nodes, validators, err := s.withValidators(10)
	if err != nil {
		return "", err
	}
	for _, v := range validators[holders:] {
		v.Refuse("value")
	}
	name := nameNearest(nodes[0].ID(), IDs(nodes[1:]))
	_, err = nodes[0].Put(s.Context, name, world.Value(1, "value"))
	if err != nil && !(holders == 1 && errors.Is(err, kadmium.ErrKeptHere)) { // the other nodes were to refuse it
		return "", err
	}
	spec := s.Spec(nodes[9])
	spec.Client = true
	spec.Delay = 10 * time.Millisecond // far more than checking an answer takes
	asker, err := s.Make(spec)
	if err != nil {
		return "", err
	}
	// Wait for all contacts, so that only the quorum can end the get.
	if err := s.Await(func() bool { return len(asker.Table()) == len(nodes) }); err != nil {
		return "", err
	}
	r, err := asker.Get(s.Context, name, 1)
	if err != nil {
		return getOutcome(r, err), nil
	}
	if r.Counts().Asked < len(nodes) {
		return "ends before it has asked all", nil
	}
	return "asks all", nil
}

// replaceHolders makes three nodes that hold something, has five others join, and then
// closes the three. It returns a client that has all of them in its table.
func replaceHolders(s *Stage, store func(at side.Node) error, held func(by side.Node) bool) (side.Node, error) {
	old, err := s.Converged(3)
	if err != nil {
		return nil, err
	}
	if err := store(old[1]); err != nil {
		return nil, err
	}
	all := old
	for range 5 {
		n, err := s.newcomer(old[0])
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	if err := s.Converge(all); err != nil {
		return nil, err
	}
	s.Within(handoverWithin, func() bool { // it may never come true
		return !slices.ContainsFunc(all[len(old):], func(n side.Node) bool { return !held(n) })
	})
	client, err := s.client(all[len(all)-1])
	if err != nil {
		return nil, err
	}
	if err := s.Await(func() bool { return len(client.Table()) == len(all) }); err != nil {
		return nil, err
	}
	for _, n := range old {
		if err := n.Close(); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// handoverWithin is how long the old holders have, before they leave, to hand over what
// they hold to the newcomers.
const handoverWithin = time.Second

func valueOutlivesHolders(s *Stage) (string, error) {
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	client, err := replaceHolders(s, func(at side.Node) error {
		_, err := at.Put(s.Context, "letter", world.Value(1, "letter"))
		return err
	}, func(by side.Node) bool {
		value, err := peer.Fetch(s.Context, by, side.Key("letter"))
		return err == nil && value != nil
	})
	if err != nil {
		return "", err
	}
	r, err := client.Get(s.Context, "letter", 1)
	return getOutcome(r, err), nil
}
