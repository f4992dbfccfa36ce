package behaviour

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// hostileCases are about peers that violate the protocol. Each is a scripted peer in the
// table of the node that asks.
func hostileCases() []Case {
	return []Case{
		{
			Name: "a peer answers a get with an invalid record, nobody has another",
			Play: func(s *Stage) (string, error) { return answered(s, []byte("bad"), "", false) },
		},
		{
			Name: "a peer answers a get with an invalid record, others have a valid one",
			Play: func(s *Stage) (string, error) { return answered(s, []byte("bad"), "", true) },
		},
		{
			Name: "a peer answers a get with a valid record of another key",
			Play: func(s *Stage) (string, error) {
				return answered(s, world.Value(9, "not asked for"), side.Key("another"), false)
			},
		},
		{
			Name: "a peer hands a node an invalid record",
			Play: func(s *Stage) (string, error) { return handed(s, []byte("bad")) },
			Why:  whyReason,
		},
		{
			Name: "a peer hands a node an older record than it holds",
			Play: func(s *Stage) (string, error) { return handed(s, world.Value(1, "older")) },
			Why:  whyReason,
		},
		{
			Name: "a peer names ten that do not exist, farther than all others: closest",
			Play: nonexistentFar,
			Why:  "Kadmium returns peers that have answered, and no others. Libp2p's lookup ends when the 3 nearest have; it then asks the rest of the 20 and returns them whether they answer or not (lookup.go, follow-up).",
		},
		{
			Name: "a peer names three that do not exist, nearer than all others: closest, within 3.5 s",
			Play: nonexistentNear,
			Why:  "A peer that overruns its usual round trip no longer counts against alpha, so silent ones hold up only the end of a lookup. Libp2p waits for each dial to fail, as many at a time as alpha says.",
		},
		{
			Name: "a peer names itself, the asker and five others, each twice; k is 3: closest",
			Play: namedTwice,
		},
		{
			Name: "a peer is named under an ID that it does not hold: closest",
			Play: impersonated,
		},
		{
			Name: "a peer sends bytes that are no message, 100 times",
			Play: garbled,
		},
	}
}

const whyReason = "Both refuse it. Kadmium's answer says why, so that a putter can tell its user; libp2p's resets the stream."

// withHostilePeer makes five converged servers, and a peer in the table of the first that
// answers what the script says.
func withHostilePeer(s *Stage) (nodes []side.Node, peer side.Raw, told *script, err error) {
	if nodes, err = s.Converged(5); err != nil {
		return nil, nil, nil, err
	}
	peer, told, err = s.enterScripted(nodes[0])
	return nodes, peer, told, err
}

// enterScripted makes a peer that answers what the script says, and enters the node's table.
func (s *Stage) enterScripted(n side.Node) (side.Raw, *script, error) {
	told := new(script)
	peer, err := s.scriptedPeer(told.answer)
	if err != nil {
		return nil, nil, err
	}
	return peer, told, peer.Enter(s.Context, n)
}

// askerOf makes a node whose buckets hold k contacts, and whose only one is such a peer.
func (s *Stage) askerOf(k int) (asker side.Node, peer side.Raw, told *script, err error) {
	spec := s.Spec()
	spec.K = k
	if asker, err = s.Make(spec); err != nil {
		return nil, nil, nil, err
	}
	peer, told, err = s.enterScripted(asker)
	return asker, peer, told, err
}

// A script says what a scripted peer answers. It may be changed while the peer runs.
type script struct {
	reply atomic.Pointer[side.Reply]
	asked atomic.Int64
}

func (s *script) answer() side.Reply {
	s.asked.Add(1)
	if r := s.reply.Load(); r != nil {
		return *r
	}
	return side.Reply{}
}

// answered has the nearest peer to a key answer a get with a value.
func answered(s *Stage, value []byte, key string, othersHaveIt bool) (string, error) {
	nodes, peer, told, err := withHostilePeer(s)
	if err != nil {
		return "", err
	}
	name := nameNearest(peer.ID(), IDs(nodes))
	if othersHaveIt {
		if _, err := nodes[1].Put(s.Context, name, world.Value(1, "valid")); err != nil {
			return "", err
		}
	}
	told.reply.Store(&side.Reply{Key: key, Value: value})
	before := told.asked.Load()
	r, err := nodes[0].Get(s.Context, name, 0)
	if told.asked.Load() == before {
		return "the peer is not asked", nil
	}
	return getOutcome(r, err), nil
}

// handed has a peer send a STORE to a node that holds a newer record.
func handed(s *Stage, value []byte) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	if _, err := nodes[1].Put(s.Context, "page", world.Value(2, "newer")); err != nil {
		return "", err
	}
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	told, err := taken(peer.Store(s.Context, nodes[0], side.Key("page"), value))
	if err != nil {
		return "", err
	}
	held, err := peer.Fetch(s.Context, nodes[0], side.Key("page"))
	return told + "; it holds " + payload(held), err
}

// taken says in words whether a node took what a peer sent it, or why not.
func taken(err error) (string, error) {
	var refusal *side.Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal.Error(), nil
	case err != nil:
		return "", err
	}
	return "taken", nil
}

// garbledTimes is enough for a fault that occurs only sometimes to show.
const garbledTimes = 100

func garbled(s *Stage) (string, error) {
	nodes, peer, _, err := withHostilePeer(s)
	if err != nil {
		return "", err
	}
	for range garbledTimes {
		if err := peer.Garble(s.Context, nodes[0]); err != nil {
			return "", err
		}
	}
	if _, err := nodes[1].Put(s.Context, "page", world.Value(1, "value")); err != nil {
		return "", err
	}
	other, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("then answers it: %s, others: %s", fetchOutcome(s, peer, nodes[0]), fetchOutcome(s, other, nodes[0])), nil
}

// fetchOutcome says in words what a node answers to a peer that asks for the page.
func fetchOutcome(s *Stage, peer side.Raw, n side.Node) string {
	ctx, cancel := context.WithTimeout(s.Context, fetchWithin)
	defer cancel()
	held, err := peer.Fetch(ctx, n, side.Key("page"))
	if err != nil {
		return "nothing any more"
	}
	return payload(held)
}

// fetchWithin is the time after which no answer is expected any more.
const fetchWithin = 5 * time.Second
