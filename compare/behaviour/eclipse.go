package behaviour

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/link"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/identity"
)

const (
	// eclipsedBuckets are as many buckets as a network of manyNodes has nodes for.
	eclipsedBuckets = 6
	// eclipsedLookups is how many lookups tell whether the attacker captures them.
	eclipsedLookups = 10
	// spokenWithin is how long a node may take to take who has spoken into its table.
	spokenWithin = 2 * time.Second
	// recoveredWithin is how long a node may take to find honest contacts.
	recoveredWithin = 5 * time.Second
)

// identitiesInBuckets makes k identities for each of the buckets of a node.
func (s *Stage) identitiesInBuckets(of identity.ID) ([]side.Raw, error) {
	at := of.Position()
	var have [eclipsedBuckets]int
	return s.identities(groundSeeds(bucketOfMany*eclipsedBuckets, func(id identity.ID) bool {
		p := id.Position()
		bucket := identity.CommonPrefixLen(&at, &p)
		if bucket >= eclipsedBuckets || have[bucket] == bucketOfMany {
			return false
		}
		have[bucket]++
		return true
	}))
}

// libp2pEclipsed restarts a node of libp2p with the addresses that its peerstore had. Its
// table is not kept.
func libp2pEclipsed(s *Stage) (string, error) {
	nodes, err := s.manyServers()
	if err != nil {
		return "", err
	}
	spec := s.Spec(nodes[0])
	spec.K = bucketOfMany
	old, err := s.Network.Make(s.Context, spec)
	if err != nil {
		return "", err
	}
	defer old.Close()
	if err := s.acquainted(append(nodes, old), old); err != nil {
		return "", err
	}
	var known []peer.AddrInfo
	for _, p := range old.Host().Peerstore().PeersWithAddrs() {
		known = append(known, old.Host().Peerstore().PeerInfo(p))
	}
	if err := old.Close(); err != nil {
		return "", err
	}
	spec.Bootstrap = nil
	n, err := s.Network.Make(s.Context, spec)
	if err != nil {
		return "", err
	}
	defer n.Close()
	for _, p := range known {
		n.Host().Peerstore().AddAddrs(p.ID, p.Addrs, peerstore.RecentlyConnectedAddrTTL)
	}
	attackers, err := s.identitiesInBuckets(n.ID())
	if err != nil {
		return "", err
	}
	if err := s.speak(attackers, n); err != nil {
		return "", err
	}
	s.Within(spokenWithin, func() bool { return theirs(n, attackers) == len(attackers) })
	if err := n.Host().Connect(s.Context, nodes[0].(*p2p.Node).Info()); err != nil {
		return "", err
	}
	if err := n.DHT().Bootstrap(s.Context); err != nil {
		return "", err
	}
	if err := <-n.DHT().ForceRefresh(); err != nil { // Bootstrap's refresh is only of what is due
		return "", err
	}
	return s.eclipsed(n, attackers)
}

// kadmiumEclipsed restarts a kadmium node with its data directory.
func kadmiumEclipsed(s *Stage) (string, error) {
	nodes, err := s.manyServers()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "compare-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	spec := s.Spec(nodes[0])
	spec.K = bucketOfMany
	old, err := kad.Make(s.Context, spec, func(c *kadmium.Config) { c.Clock, c.DataDir = s.Clock, dir })
	if err != nil {
		return "", err
	}
	defer old.Close()
	if err := s.acquainted(append(nodes, old), old); err != nil {
		return "", err
	}
	if err := old.Close(); err != nil {
		return "", err
	}
	attackers, err := s.identitiesInBuckets(old.ID())
	if err != nil {
		return "", err
	}
	var gate gate
	for _, a := range attackers {
		gate.passes = append(gate.passes, a.Address().Endpoint)
	}
	spec.Bootstrap = nil
	n, err := kad.Start(spec, func(c *kadmium.Config) {
		c.Clock, c.DataDir = s.Clock, dir
		gate.before(c)
	})
	if err != nil {
		return "", err
	}
	defer n.Close()
	if err := s.speak(attackers, n); err != nil {
		return "", err
	}
	s.Within(spokenWithin, func() bool { return theirs(n, attackers) == len(attackers) })
	gate.open.Store(true)
	if _, err := n.Kadmium().Bootstrap(s.Context, nodes[0].(*kad.Node).Addresses()[0].String()); err != nil {
		return "", err
	}
	return s.eclipsed(n, attackers)
}

// A gate lets a node send to some alone until it is open.
type gate struct {
	passes []netip.AddrPort
	open   atomic.Bool
}

// before places the gate before the node's sockets.
func (g *gate) before(c *kadmium.Config) {
	listen := c.ListenPacket
	c.ListenPacket = func(at netip.AddrPort) (net.PacketConn, error) {
		conn, err := listen(at)
		if err != nil {
			return nil, err
		}
		return gated{conn.(*link.Packets), g}, nil
	}
}

// A gated socket is behind a gate.
type gated struct {
	*link.Packets
	gate *gate
}

// WriteToUDPAddrPort is like that of net.UDPConn.
func (s gated) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if !s.gate.open.Load() && !slices.Contains(s.gate.passes, to) {
		return len(b), nil
	}
	return s.Packets.WriteToUDPAddrPort(b, to)
}

// theirs is how many of the peers are in the table of a node.
func theirs(n side.Node, peers []side.Raw) (count int) {
	table := n.Table()
	for _, p := range peers {
		if slices.Contains(table, p.ID()) {
			count++
		}
	}
	return count
}

// eclipsed says in words how much of a node's table is the attackers', and whether they
// capture its lookups.
func (s *Stage) eclipsed(n side.Node, attackers []side.Raw) (string, error) {
	words := "more than half of its table is theirs"
	if s.Within(recoveredWithin, func() bool { return 2*theirs(n, attackers) <= len(n.Table()) }) {
		words = "at most half of its table is theirs"
	}
	captured := 0
	for i := range eclipsedLookups {
		r, err := n.Closest(s.Context, fmt.Sprintf("lookup %d", i))
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(r.Peers, func(id identity.ID) bool {
			return !slices.ContainsFunc(attackers, func(a side.Raw) bool { return a.ID() == id })
		}) {
			captured++
		}
	}
	if captured > 0 {
		return words + ", lookups return them alone", nil
	}
	return words + ", all lookups return honest nodes", nil
}
