package behaviour

import (
	"fmt"
	"slices"
	"strings"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// oversizeCases are about answers larger than an honest peer can send.
func oversizeCases() []Case {
	return []Case{
		{
			Name: "a peer names 24 that live; k is 4: how many of them the asker takes",
			Play: manyNamed,
			Why:  "An honest answer names k peers at most, so kadmium takes no more; libp2p takes twice as many (query.go, queryPeer). Either bounds what one answer can cost.",
		},
		{
			Name: "a peer's answers are longer than a message may be: closest, for 4 s",
			Play: oversizeAnswers,
		},
		{
			Name: "a peer answers a get with a value over the limit, nobody has another",
			Play: func(s *Stage) (string, error) { return oversizeValue(s, false) },
		},
		{
			Name: "a peer answers a get with a value over the limit, others have a valid one",
			Play: func(s *Stage) (string, error) { return oversizeValue(s, true) },
		},
	}
}

// manyNamed has a peer name many more than k peers, the farthest from the key first. The
// peers that the lookup returns show how many of the answer it took.
func manyNamed(s *Stage) (string, error) {
	const k, named = 4, 24
	var others []side.Node // not connected to each other, so that they name nobody
	for range named {
		n, err := s.Join()
		if err != nil {
			return "", err
		}
		others = append(others, n)
	}
	asker, _, told, err := s.askerOf(k)
	if err != nil {
		return "", err
	}
	far := nearest(others, target, asker)
	slices.Reverse(far)
	var peers []identity.Address
	for _, n := range far {
		peers = append(peers, n.(keyed).Address())
	}
	told.reply.Store(&side.Reply{Peers: peers})
	r, err := asker.Closest(s.Context, target)
	if err != nil {
		return "", err
	}
	taken := 0
	for i, n := range far {
		if slices.Contains(r.Peers, n.ID()) {
			taken = i + 1
		}
	}
	return fmt.Sprintf("the first %d, and returns %d", taken, len(r.Peers)), nil
}

// oversizeAnswers has a peer answer with more bytes than a message of its side may have.
func oversizeAnswers(s *Stage) (string, error) {
	return nearestReplies(s, side.Reply{Oversize: true})
}

// oversizeValue has the nearest peer to a key answer a get with a value over the limit of
// its side, which is that of records (kadmium) or of messages (libp2p).
func oversizeValue(s *Stage, othersHaveIt bool) (string, error) {
	size := 1_100 // an answer with it still fits a datagram
	if s.Network != nil {
		size = 5_000_000
	}
	return answered(s, world.Value(9, strings.Repeat("v", size)), "", othersHaveIt)
}
