package behaviour

import (
	"fmt"
	"strings"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// limitCases are about keys and values that are empty, malformed or too large.
func limitCases() []Case {
	const datagram = "Every message of kadmium is one datagram that no network cuts up, so a record with its key has 1,000 bytes at most, and a put of more says so. "
	return []Case{
		{
			Name: "empty key: put, get",
			Play: func(s *Stage) (string, error) { return putAndGet(s, "", world.Value(1, "value")) },
			Why:  "A key that nothing can stand under is an error of its own, of both operations, and costs no lookup. Libp2p's get asks for it, and reports that the value was not found.",
		},
		{
			Name: "empty key: closest",
			Play: closestToNothing,
			Why:  "Kadmium looks up a position, and SHA-256 has one for no bytes too; libp2p looks up a key, and refuses an empty one.",
		},
		{
			Name: "unknown namespace: put, get",
			Play: func(s *Stage) (string, error) { return putAndGet(s, "/unheard/of", world.Value(1, "value")) },
			Why:  "No answer could be validated, so kadmium's get says at once what is wrong. Libp2p's asks for it, drops what it is given, and reports that the value was not found.",
		},
		{
			Name: "two keys that are not UTF-8 and differ in their last byte: put, get elsewhere",
			Play: keysOfAnyBytes,
		},
		{
			Name: "value of 900 bytes, more than a datagram together with 9 closer peers: put, get elsewhere",
			Play: func(s *Stage) (string, error) { return putAndGetSized(s, 900) },
		},
		{
			Name: "value of 2 kB: put, get elsewhere",
			Play: func(s *Stage) (string, error) { return putAndGetSized(s, 2_000) },
			Why:  "libp2p is better: its streams carry values of megabytes. " + datagram + "A longer value belongs with its providers.",
		},
		{
			Name: "value of 5 MB, over the 4 MiB of a libp2p message: put, get elsewhere",
			Play: func(s *Stage) (string, error) { return putAndGetSized(s, 5_000_000) },
			Why:  datagram + "Libp2p's put returns nil, and no other node has the value.",
		},
		{
			Name: "key of 600 bytes: put, get elsewhere",
			Play: func(s *Stage) (string, error) {
				return putAndGet(s, side.Key(strings.Repeat("k", 600)), world.Value(1, "value"))
			},
			Why: "libp2p is better: it has no limit of its own for a record's key. " + datagram + "The key has 512 of them at most.",
		},
	}
}

// putAndGet puts a value under a key at a server, and gets it at a client.
func putAndGet(s *Stage, key string, value []byte) (string, error) {
	nodes, err := s.Converged(s.Nodes)
	if err != nil {
		return "", err
	}
	put, err := nodes[1].(keyed).PutKey(s.Context, key, value)
	putWords := noteNobodyAsked(putOutcome(err), put, err)
	asker, err := s.client(nodes[0])
	if err != nil {
		return "", err
	}
	got, err := asker.(keyed).GetKey(s.Context, key, 0)
	return fmt.Sprintf("put: %s; get: %s", putWords, noteNobodyAsked(getOutcome(got, err), got, err)), nil
}

// keysOfAnyBytes puts under two keys that text would not tell apart.
func keysOfAnyBytes(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	names := []string{"a\xff", "a\xfe"}
	for i, name := range names {
		if _, err := nodes[i].Put(s.Context, name, world.Value(1, fmt.Sprintf("value %d", i+1))); err != nil {
			return "", err
		}
	}
	var words []string
	for _, name := range names {
		r, err := nodes[2].Get(s.Context, name, 0)
		words = append(words, getOutcome(r, err))
	}
	return strings.Join(words, ", "), nil
}

func putAndGetSized(s *Stage, bytes int) (string, error) {
	return putAndGet(s, side.Key("large"), world.Value(1, strings.Repeat("v", bytes)))
}

func closestToNothing(s *Stage) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	r, err := nodes[1].Closest(s.Context, "")
	if err != nil {
		return noteNobodyAsked(inputError(err), r, err), nil
	}
	return fmt.Sprintf("finds %d peers", len(r.Peers)), nil
}
