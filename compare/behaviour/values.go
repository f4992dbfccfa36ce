package behaviour

import (
	"fmt"
	"sync"
	"time"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/side"
	"kadmium/compare/world"
)

// storeCases are about which value a get returns, and for how long.
func storeCases() []Case {
	return []Case{
		{
			Name: "put at one node, get at a newcomer that joined after it",
			Play: newcomerGets,
		},
		{
			Name: "get after the record's lifetime of 1.5 s",
			Play: expires,
		},
		{
			Name: "a get mends a holder half a lifetime after the put: get after the lifetime",
			Play: repairedLate,
			Why:  "What remains of a lifetime travels with the record, and nobody but its publisher can extend it. A holder of libp2p counts from when it was given the record, so reads can keep one alive for ever.",
		},
		{
			Name:    "get after a lifetime, the putter still there",
			Libp2p:  libp2pExpires,
			Kadmium: kadmiumRepublishes,
			Why:     "A putter of kadmium is a publisher: it puts the record again every 22 h until told not to. Libp2p leaves that to the application (its issue 323).",
		},
		{
			Name: "put of a newer value at another node, then get",
			Play: func(s *Stage) (string, error) { return overwritten(s, 1, 2) },
		},
		{
			Name: "put of an older value where the newer was put",
			Play: olderAtSamePutter,
		},
		{
			Name: "put of an older value at a client that holds nothing",
			Play: olderAtClient,
			Why: "A put is compared with what the holders say, not with what the putter happens to hold: who puts in vain hears of it. " +
				"Libp2p asks nobody before it answers, and its putter keeps the older value.",
		},
		{
			Name:    "four puts at once of 1, 7, 3 and 5 at one sequence: what every holder has",
			Libp2p:  func(s *Stage) (string, error) { return putTogether(s, libp2pPut) },
			Kadmium: func(s *Stage) (string, error) { return putTogether(s, kadmiumPut) },
		},
		{
			Name: "a held record turns invalid everywhere: get at a holder",
			Play: turnsInvalid,
			Why:  "A namespace may let values run out. Kadmium asks the validator again before it gives a record out, which costs a call a read; libp2p validates what it stores and what comes from others, but trusts its own store.",
		},
		{
			Name: "put at a client, all holders refuse the value",
			Play: refusedByAll,
			Why:  "A value that nobody holds is no success: kadmium's put fails if no node confirmed it, and says how many did. Libp2p's returns nil whatever became of its PUT_VALUEs.",
		},
	}
}

func newcomerGets(s *Stage) (string, error) {
	nodes, err := s.Converged(s.Nodes)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "greeting", world.Value(1, "hello")); err != nil {
		return "", err
	}
	newcomer, err := s.newcomer(nodes[0])
	if err != nil {
		return "", err
	}
	r, err := newcomer.Get(s.Context, "greeting", 0)
	return getOutcome(r, err), nil
}

// overwritten puts two values at two nodes, and gets at a third node.
func overwritten(s *Stage, first, second uint64) (string, error) {
	nodes, err := s.Converged(s.Nodes)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "page", world.Value(first, fmt.Sprintf("version %d", first))); err != nil {
		return "", err
	}
	_, put := nodes[2].Put(s.Context, "page", world.Value(second, fmt.Sprintf("version %d", second)))
	r, err := nodes[3].Get(s.Context, "page", 0)
	return fmt.Sprintf("put: %s; get: %s", putOutcome(put), getOutcome(r, err)), nil
}

func olderAtSamePutter(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	return older(s, nodes[1], nodes[1], nodes[2])
}

func olderAtClient(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	client, err := s.client(nodes[0])
	if err != nil {
		return "", err
	}
	return older(s, nodes[1], client, nodes[2])
}

// older puts version 2 at one node, version 1 at another, and gets at a third node.
func older(s *Stage, first, second, third side.Node) (string, error) {
	if _, err := first.Put(s.Context, "page", world.Value(2, "version 2")); err != nil {
		return "", err
	}
	_, put := second.Put(s.Context, "page", world.Value(1, "version 1"))
	r, err := third.Get(s.Context, "page", 0)
	return fmt.Sprintf("put: %s; get: %s", putOutcome(put), getOutcome(r, err)), nil
}

func libp2pPut(s *Stage, n side.Node, value []byte) error {
	_, err := n.Put(s.Context, "vote", value)
	return err
}

func kadmiumPut(s *Stage, n side.Node, value []byte) error {
	sequence := uint64(1)
	_, err := n.(*kad.Node).PutAs(s.Context, side.Key("vote"), value, kadmium.PutOptions{Sequence: &sequence})
	return err
}

// putTogether puts at four nodes at once, and asks every node what it holds afterwards. A
// put may fail because another value was better.
func putTogether(s *Stage, put func(*Stage, side.Node, []byte) error) (string, error) {
	nodes, err := s.Converged(s.Nodes)
	if err != nil {
		return "", err
	}
	var puts sync.WaitGroup
	for i, payload := range []string{"1", "7", "3", "5"} {
		puts.Go(func() { put(s, nodes[i], world.Value(1, payload)) })
	}
	puts.Wait()
	asker, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	var all string
	agreed := s.Within(time.Second, func() bool {
		all = ""
		for _, n := range nodes {
			value, err := asker.Fetch(s.Context, n, side.Key("vote"))
			switch held := payload(value); {
			case err != nil:
				return false
			case all == "":
				all = held
			case all != held:
				return false
			}
		}
		return true
	})
	if !agreed {
		return "not all the same", nil
	}
	return all, nil
}

func turnsInvalid(s *Stage) (string, error) {
	nodes, validators, err := s.withValidators(3)
	if err != nil {
		return "", err
	}
	if _, err := nodes[0].Put(s.Context, "offer", world.Value(1, "offer")); err != nil {
		return "", err
	}
	before, err := nodes[1].Get(s.Context, "offer", 1)
	words := getOutcome(before, err)
	for _, v := range validators {
		v.Refuse("offer")
	}
	after, err := nodes[1].Get(s.Context, "offer", 1)
	return fmt.Sprintf("before: %s; after: %s", words, getOutcome(after, err)), nil
}

// refused is a payload that the validators refuse.
const refused = "unwanted"

func refusedByAll(s *Stage) (string, error) {
	nodes, validators, err := s.withValidators(3)
	if err != nil {
		return "", err
	}
	for _, v := range validators {
		v.Refuse(refused)
	}
	client, err := s.client(nodes[0])
	if err != nil {
		return "", err
	}
	_, err = client.Put(s.Context, "page", world.Value(1, refused))
	return putOutcome(err), nil
}
