package behaviour

import (
	"errors"
	"slices"
	"sync"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// identityCases are about one who makes many identities, which cost nothing: they acknowledge
// what they are given, keep nothing, and name each other alone.
func identityCases() []Case {
	return []Case{
		{
			Name:  "45 identities nearer to a key than all of 40 nodes, k is 4; then a put, and a get by another node",
			Play:  func(s *Stage) (string, error) { return crowdedKey(s, true) },
			Alone: true,
			Why: "libp2p puts to the k nearest, as Kademlia does, and they are the attacker's (CVE-2023-26248). " +
				"It can limit how many of one /16 are in a table and in an answer (NewRTPeerDiversityFilter), which does not help against identities in as many networks, as these are taken to be. " +
				"kadmium asks a region as wide as k nodes are on average, with a limit for each octave of distance in it, and its results say that there are too many (R5.20 to R5.23).",
		},
		{
			Name:  "a put, then 45 identities nearer to its key than all of 40 nodes, k is 4; then a get by another node",
			Play:  func(s *Stage) (string, error) { return crowdedKey(s, false) },
			Alone: true,
			Why: "Both ask holders on their way to the identities, as everybody is near in so small a network. " +
				"libp2p estimates the network's size too, for provides, and judges no result by it.",
		},
		{
			Name:    "one of 41 nodes restarts, k is 4; 24 identities speak to it before it joins, all buckets full of them",
			Libp2p:  libp2pEclipsed,
			Kadmium: kadmiumEclipsed,
			Alone:   true,
			Why: "libp2p keeps addresses, if its peerstore is on disk, but not its table (its issue 254), which begins empty. " +
				"Who comes before the first refresh may be displaced by whom that finds, but it asks those in the table, who name each other; the limit of a /16 does not count here either. " +
				"kadmium keeps places for the contacts that it had (R4.34), and the identities get those that were free.",
		},
	}
}

const (
	// manyNodes are enough for a node to estimate the network's size (design R5.24), and for k
	// nodes not to be most of them.
	manyNodes    = 40
	bucketOfMany = 4
	// identitiesAtKey are as many as docs/threats.md measures.
	identitiesAtKey = 45
	// speakersAtKey of them have spoken to the nodes that are nearest; they name the others.
	speakersAtKey = 2 * bucketOfMany
	// namesOfIdentity are how many others an identity names: libp2p takes no more than 2k.
	namesOfIdentity = 2 * bucketOfMany
	// groundWorld is the world (see world.Host) of the identities.
	groundWorld = 667
)

// manyServers makes servers that all join by the first, and waits until nearly all know
// their neighbours.
func (s *Stage) manyServers() ([]side.Node, error) {
	var nodes []side.Node
	for range manyNodes {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.K = bucketOfMany
		n, err := s.Make(spec)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, s.acquainted(nodes, nodes...)
}

// acquainted waits until the nodes have nearly all neighbours that they have among all in
// their tables.
func (s *Stage) acquainted(all []side.Node, nodes ...side.Node) error {
	ids := IDs(all)
	return s.Await(func() bool {
		known, want := 0, 0
		for _, n := range nodes {
			table := n.Table()
			for _, id := range world.Surely(ids, n.ID(), bucketOfMany) {
				want++
				if slices.Contains(table, id) {
					known++
				}
			}
		}
		return float64(known) >= neighboursKnown*float64(want)
	})
}

// neighboursKnown is the share of neighbours that must be in the tables: the last enter with
// the refreshes of both sides, minutes later.
const neighboursKnown = .95

// groundSeeds are the keys of n identities that fit.
func groundSeeds(n int, fits func(identity.ID) bool) []world.Seed {
	var seeds []world.Seed
	for i := 0; len(seeds) < n; i++ {
		if seed := world.Host(groundWorld, i); fits(seed.ID()) {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// identities makes peers with these keys, each of which names some of the others to whoever
// asks.
func (s *Stage) identities(seeds []world.Seed) ([]side.Raw, error) {
	var peers []side.Raw
	var scripts []*script
	for _, seed := range seeds {
		told := new(script)
		p, err := s.scriptedPeerOf(side.Spec{Seed: seed, Profile: side.Matched}, told.answer)
		if err != nil {
			return nil, err
		}
		peers, scripts = append(peers, p), append(scripts, told)
	}
	for i, told := range scripts {
		var others []identity.Address
		for j := range namesOfIdentity {
			others = append(others, peers[(i+j+1)%len(peers)].Address())
		}
		told.reply.Store(&side.Reply{Peers: others})
	}
	return peers, nil
}

// speakAtOnce is how many peers speak at the same time.
const speakAtOnce = 4

// speak has each of the peers speak to each of the nodes.
func (s *Stage) speak(peers []side.Raw, nodes ...side.Node) error {
	var all sync.WaitGroup
	slots := make(chan struct{}, speakAtOnce)
	errs := make([]error, len(peers))
	for i, p := range peers {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, n := range nodes {
				errs[i] = errors.Join(errs[i], p.Speak(s.Context, n))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// crowdKey makes identities that are nearer to the target than all nodes, and has the nodes
// nearest to it know them.
func (s *Stage) crowdKey(nodes []side.Node) error {
	ids := IDs(nodes)
	seeds := groundSeeds(identitiesAtKey, func(id identity.ID) bool {
		return world.Nearest(append(ids, id), []byte(target), 1, identity.ID{})[0] == id
	})
	peers, err := s.identities(seeds)
	if err != nil {
		return err
	}
	var near []side.Node
	for _, id := range world.Nearest(ids, []byte(target), bucketOfMany, identity.ID{}) {
		near = append(near, nodes[slices.Index(ids, id)])
	}
	if err := s.speak(peers[:speakersAtKey], near...); err != nil {
		return err
	}
	return s.Await(func() bool {
		return !slices.ContainsFunc(near, func(n side.Node) bool { return !knowsAny(n, peers) })
	})
}

// knowsAny reports whether any of the peers is in the table of a node.
func knowsAny(n side.Node, peers []side.Raw) bool {
	table := n.Table()
	return slices.ContainsFunc(peers, func(p side.Raw) bool { return slices.Contains(table, p.ID()) })
}

// crowdedKey puts and gets a value under a key around which identities were made, before the
// put or after it.
func crowdedKey(s *Stage, before bool) (string, error) {
	nodes, err := s.manyServers()
	if err != nil {
		return "", err
	}
	// Neither stands where the identities are, and the getter does not ask the putter, which
	// keeps a copy with libp2p.
	key := identity.KeyPosition([]byte(target))
	putter, getter := farthestWithin(nodes, key, 0), farthestWithin(nodes, key, 1)
	if before {
		if err := s.crowdKey(nodes); err != nil {
			return "", err
		}
	}
	put, err := putter.Put(s.Context, targetName, world.Value(1, "value"))
	if err != nil {
		return putOutcome(err), nil
	}
	if !before {
		if err := s.crowdKey(nodes); err != nil {
			return "", err
		}
	}
	peer, err := s.rawPeer()
	if err != nil {
		return "", err
	}
	words := "no honest node but the putter holds it"
	for _, n := range nodes {
		if n == putter {
			continue
		}
		held, err := peer.Fetch(s.Context, n, target)
		if err != nil {
			return "", err
		}
		if held != nil {
			words = "honest nodes hold it"
		}
	}
	got, err := getter.Get(s.Context, targetName, 0)
	if got := getOutcome(got, err); got == "value" {
		words += ", it is found"
	} else {
		words += ", " + got
	}
	if got.Suspect && (put.Suspect || !before) {
		return words + ", said to be suspect", nil
	}
	return words + ", nothing is suspected", nil
}

// farthestWithin is the node farthest from a position of those that share at least so many
// bits with it.
func farthestWithin(nodes []side.Node, at identity.Position, bits int) side.Node {
	ids := IDs(nodes)
	all := world.NearestTo(ids, at, len(ids), identity.ID{})
	slices.Reverse(all)
	farthest := all[slices.IndexFunc(all, func(id identity.ID) bool {
		p := id.Position()
		return identity.CommonPrefixLen(&at, &p) >= bits
	})]
	return nodes[slices.Index(ids, farthest)]
}
