package behaviour

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/multiformats/go-multihash"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// providerCases are about providers of content, and about who may announce them.
func providerCases() []Case {
	return []Case{
		{
			Name: "provide at one node, find it at another",
			Play: func(s *Stage) (string, error) { return provided(s, false) },
		},
		{
			Name: "provide, then leave: find it at another",
			Play: func(s *Stage) (string, error) { return provided(s, true) },
		},
		{
			Name: "a provider looks for the providers of its own content",
			Play: providesAndAsks,
		},
		{
			Name: "5 provide, 2 are wanted",
			Play: twoOfFive,
		},
		{
			Name: "30 provide: find all, from outside the holders",
			Play: manyProvide,
		},
		{
			Name: "257 peers announce themselves to one holder: find all",
			Play: holderIsFull,
			Why: "libp2p is better: its holder keeps any number of providers of one key. Kadmium's keeps 256, so that no key fills its memory, " +
				"and says that it is full.",
		},
		{
			Name: "provide a key of 100 bytes, find it",
			Play: longContentKey,
			Why:  "One limit for all keys, 512 bytes. Libp2p's holders drop provider keys of over 80 bytes, and the provider is not told.",
		},
		{
			Name: "3 holders of a provider entry, 5 newcomers join, the 3 leave: find providers",
			Play: entryOutlivesHolders,
			Why:  "Provider entries are handed to newcomers as records are: signed by the provider, they can be passed on by others. Libp2p's can come from the provider alone, which says it again after 22 h.",
		},
		{
			Name: "a peer announces another as provider",
			Play: announcesAnother,
			Why:  "Both take nobody's word for another. Kadmium's holder also says that the entry is invalid, libp2p's resets the stream.",
		},
		{
			Name: "a peer announces itself at an address that is not its own",
			Play: announcesElsewhere,
			Why:  "libp2p is better: its holder adds the address that it is connected to the provider by. Kadmium's passes on what the provider signed, unchanged, so that others can check it: who lies about itself is not reached.",
		},
	}
}

func provided(s *Stage, leaves bool) (string, error) {
	nodes, err := s.Converged(5)
	if err != nil {
		return "", err
	}
	provider := nodes[1].(keyed)
	at := provider.Address()
	if err := provider.ProvideKey(s.Context, world.ContentKey("film")); err != nil {
		return "", err
	}
	words, err := foundAt(s, nodes[0], world.ContentKey("film"), at, time.Second)
	if err != nil || !leaves {
		return words, err
	}
	if err := provider.Close(); err != nil {
		return "", err
	}
	after, err := foundAt(s, nodes[0], world.ContentKey("film"), at, time.Second)
	return fmt.Sprintf("before: %s; after: %s", words, after), err
}

// foundAt looks for the provider of a key from a new client, again and again for the
// time given: libp2p's ADD_PROVIDER has no answer that could be waited for.
func foundAt(s *Stage, by side.Node, key []byte, provider identity.Address, patience time.Duration) (string, error) {
	asker, err := s.client(by)
	if err != nil {
		return "", err
	}
	words := ""
	s.Within(patience, func() bool {
		var found []identity.Address
		if found, err = asker.(keyed).ProvidersOf(s.Context, key); err != nil {
			return true
		}
		words = whereFound(found, provider)
		return words != "not found"
	})
	return words, err
}

func providesAndAsks(s *Stage) (string, error) {
	nodes, err := s.Converged(5)
	if err != nil {
		return "", err
	}
	provider := nodes[1].(keyed)
	if err := provider.ProvideKey(s.Context, world.ContentKey("film")); err != nil {
		return "", err
	}
	found, err := provider.ProvidersOf(s.Context, world.ContentKey("film"))
	return "itself: " + whereFound(found, provider.Address()), err
}

func twoOfFive(s *Stage) (string, error) {
	nodes, err := s.Converged(6)
	if err != nil {
		return "", err
	}
	for _, n := range nodes[:5] {
		if _, err := n.Provide(s.Context, "film"); err != nil {
			return "", err
		}
	}
	asker, err := s.client(nodes[5])
	if err != nil {
		return "", err
	}
	r, err := asker.Providers(s.Context, "film", 2)
	return fmt.Sprintf("finds %d", len(r.Peers)), err
}

// manyProviders is more than one datagram can name.
const manyProviders = 30

func manyProvide(s *Stage) (string, error) {
	nodes, err := s.Converged(5)
	if err != nil {
		return "", err
	}
	for range manyProviders {
		provider, err := s.client(nodes[0])
		if err != nil {
			return "", err
		}
		if _, err := provider.Provide(s.Context, "film"); err != nil {
			return "", err
		}
	}
	found, err := providersFound(s, nodes[0], manyProviders)
	switch {
	case err != nil:
		return "", err
	case found == manyProviders:
		return "finds all", nil
	case found >= 5:
		return "finds some", nil
	}
	return fmt.Sprintf("finds %d", found), nil
}

// providersFound is how many providers of a film a new client finds, which looks for them
// again and again for up to 1 s: all, or as many as at the last time.
func providersFound(s *Stage, by side.Node, all int) (found int, err error) {
	asker, err := s.client(by)
	if err != nil {
		return 0, err
	}
	s.Within(time.Second, func() bool {
		var r side.Result
		r, err = asker.Providers(s.Context, "film", 0)
		found = len(r.Peers)
		return err != nil || found == all
	})
	return found, err
}

// tooManyProviders is one more than a holder of kadmium keeps of one key.
const tooManyProviders = 257

func holderIsFull(s *Stage) (string, error) {
	nodes, err := s.Converged(2)
	if err != nil {
		return "", err
	}
	told := "all are taken"
	for i := range tooManyProviders {
		peer, err := s.rawPeer()
		if err != nil {
			return "", err
		}
		err = peer.Announce(s.Context, nodes[0], string(world.ContentKey("film")), peer.Address())
		peer.Close() // its entry stays
		var refusal *side.Refusal
		switch {
		case errors.As(err, &refusal):
			told = fmt.Sprintf("%v, after %d", refusal, i)
		case err != nil:
			return "", err
		}
	}
	found, err := providersFound(s, nodes[1], tooManyProviders)
	if found == tooManyProviders {
		return told + "; finds all", err
	}
	return fmt.Sprintf("%s; finds %d", told, found), err
}

func longContentKey(s *Stage) (string, error) {
	key, err := multihash.Sum(make([]byte, 98), multihash.IDENTITY, -1) // a prefix of two bytes makes them 100
	if err != nil {
		return "", err
	}
	nodes, err := s.Converged(5)
	if err != nil {
		return "", err
	}
	provider := nodes[1].(keyed)
	if err := provider.ProvideKey(s.Context, key); err != nil {
		return "provide: error", nil
	}
	words, err := foundAt(s, nodes[0], key, provider.Address(), time.Second)
	return "provide: no error; " + words, err
}

func entryOutlivesHolders(s *Stage) (string, error) {
	var at identity.Address
	client, err := replaceHolders(s, func(provider side.Node) error {
		at = provider.(keyed).Address()
		return provider.(keyed).ProvideKey(s.Context, world.ContentKey("film"))
	}, func(by side.Node) bool {
		held, err := by.(keyed).HoldsProviders(s.Context, world.ContentKey("film"))
		return err == nil && held
	})
	if err != nil {
		return "", err
	}
	found, err := client.(keyed).ProvidersOf(s.Context, world.ContentKey("film"))
	return whereFound(found, at), err
}

// announced has a scripted peer announce a provider to a node, and looks for it.
func announced(s *Stage, who func(by side.Raw, other keyed) (announced, own identity.Address)) (string, error) {
	nodes, err := s.Converged(3)
	if err != nil {
		return "", err
	}
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	provider, own := who(peer, nodes[2].(keyed))
	told, err := taken(peer.Announce(s.Context, nodes[0], string(world.ContentKey("film")), provider))
	if err != nil {
		return "", err
	}
	words, err := foundAt(s, nodes[1], world.ContentKey("film"), own, 300*time.Millisecond)
	return told + "; " + words, err
}

func announcesAnother(s *Stage) (string, error) {
	return announced(s, func(_ side.Raw, other keyed) (identity.Address, identity.Address) {
		return other.Address(), other.Address()
	})
}

// documentationAddress is reserved for documentation, so no node is there (RFC 5737).
var documentationAddress = netip.MustParseAddrPort("192.0.2.7:4100")

func announcesElsewhere(s *Stage) (string, error) {
	return announced(s, func(by side.Raw, _ keyed) (identity.Address, identity.Address) {
		return identity.Address{ID: by.ID(), Endpoint: documentationAddress}, by.Address()
	})
}
