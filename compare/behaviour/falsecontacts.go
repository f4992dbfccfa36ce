package behaviour

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// target is the key that is looked up while a peer names false contacts, targetName its name.
const (
	target     = "/" + world.Namespace + "/" + targetName
	targetName = "the key"
)

func nonexistentFar(s *Stage) (string, error) {
	words, _, err := nameNonexistent(s, 10, false)
	return words, err
}

// soon is between the time after which kadmium gives up silent peers, under 2 s, and the
// time after which libp2p gives up a dial without an answer, 5 s.
const soon = 3500 * time.Millisecond

func nonexistentNear(s *Stage) (string, error) {
	words, took, err := nameNonexistent(s, 3, true)
	if took > soon {
		return words + ", too late", err
	}
	return words + ", in time", err
}

// nameNonexistent has a peer name n peers that do not exist, all nearer to the key than
// any that exists, or all farther.
func nameNonexistent(s *Stage, n int, nearer bool) (words string, took time.Duration, err error) {
	nodes, peer, told, err := withHostilePeer(s)
	if err != nil {
		return "", 0, err
	}
	there := append(IDs(nodes), peer.ID())
	invented, err := nonexistentPeers(n, func(id identity.ID) bool {
		all := world.Nearest(append(there, id), []byte(target), len(there)+1, identity.ID{})
		if nearer {
			return all[0] == id
		}
		return all[len(there)] == id
	})
	if err != nil {
		return "", 0, err
	}
	told.reply.Store(&side.Reply{Peers: invented})
	begun := time.Now()
	r, err := nodes[0].Closest(s.Context, target)
	if err != nil {
		return "", 0, err
	}
	words = "returns none of them"
	if slices.ContainsFunc(invented, func(a identity.Address) bool { return slices.Contains(r.Peers, a.ID) }) {
		words = "returns peers that do not exist"
	}
	if slices.ContainsFunc(nodes[1:], func(n side.Node) bool { return !slices.Contains(r.Peers, n.ID()) }) {
		words += " and misses some that do"
	}
	return words, time.Since(begun), nil
}

func namedTwice(s *Stage) (string, error) {
	nodes, err := s.Converged(5)
	if err != nil {
		return "", err
	}
	asker, peer, told, err := s.askerOf(3) // no other contact takes room in its buckets of 3
	if err != nil {
		return "", err
	}
	named := []identity.Address{peer.Address(), asker.(keyed).Address()}
	for _, n := range nodes {
		named = append(named, n.(keyed).Address())
	}
	told.reply.Store(&side.Reply{Peers: append(named, named...)})
	r, err := asker.Closest(s.Context, target)
	if err != nil {
		return "", err
	}
	words := "each once"
	for i, id := range r.Peers {
		if slices.Contains(r.Peers[:i], id) {
			words = "some more than once"
		}
	}
	if slices.Contains(r.Peers, asker.ID()) {
		words += ", with the asker"
	}
	return fmt.Sprintf("%d peers, %s", len(r.Peers), words), nil
}

// impersonated has a peer name its own address under another ID.
func impersonated(s *Stage) (string, error) {
	nodes, peer, told, err := withHostilePeer(s)
	if err != nil {
		return "", err
	}
	there := append(IDs(nodes), peer.ID())
	named, err := nonexistentPeers(1, func(id identity.ID) bool {
		return world.Nearest(append(there, id), []byte(target), 1, identity.ID{})[0] == id
	})
	if err != nil {
		return "", err
	}
	named[0].Endpoint = peer.Address().Endpoint
	told.reply.Store(&side.Reply{Peers: named})
	r, err := nodes[0].Closest(s.Context, target)
	switch {
	case err != nil:
		return "", err
	case slices.Contains(r.Peers, named[0].ID):
		return "believed", nil
	case !slices.Contains(r.Peers, peer.ID()):
		return "not believed, and the peer itself is left out", nil
	}
	return "not believed", nil
}

// nonexistentWorld is the world (see world.Host) of hosts that do not exist.
const nonexistentWorld = 666

// nonexistentPeers makes up n peers whose IDs fit, each at an unused port of 127.0.0.1.
func nonexistentPeers(n int, fits func(identity.ID) bool) ([]identity.Address, error) {
	var invented []identity.Address
	for i := 0; len(invented) < n; i++ {
		id := world.Host(nonexistentWorld, i).ID()
		if !fits(id) {
			continue
		}
		at, err := unusedPort()
		if err != nil {
			return nil, err
		}
		invented = append(invented, identity.Address{ID: id, Endpoint: at})
	}
	return invented, nil
}

// unusedPort is a UDP port that was free a moment ago.
func unusedPort() (netip.AddrPort, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return netip.AddrPort{}, err
	}
	return c.LocalAddr().(*net.UDPAddr).AddrPort(), c.Close()
}
