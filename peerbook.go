package kadmium

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"time"

	"kadmium/driver"
	"kadmium/identity"
	"kadmium/rpc"
)

// A PeerInfo is what this node knows of another one.
type PeerInfo struct {
	ID        identity.ID
	Addresses []PeerAddress // the one in use first
	Distance  int           // bits of the XOR distance to this node
	Met       time.Time     // in this run of the node; zero: not met, or forgotten since
	Serves    bool          // it is a server
	Failing   bool          // it has not answered a request, and was not heard since
	Left      bool          // it has said that it ends, and was not heard since
	InTable   bool          // it is in the routing table
	Session   bool          // there is a session with it
	RTT       time.Duration // smoothed round trip time; 0: not measured
	RTTVar    time.Duration // its mean deviation

	Protocols      []string  // up to 16 names of those that it handles, ascending, if it was asked
	MoreProtocols  bool      // it handles others too
	ProtocolsAsked time.Time // when it said so; zero: it was not asked

	Notes map[string][]byte // what SetNote noted about it
}

// A PeerAddress is an address of a peer, and when the peer last answered from there, or sent
// something under a session; zero: never.
type PeerAddress struct {
	Address  identity.Address `json:"address"`
	Answered time.Time        `json:"answered,omitzero"`
}

// PublicKey is the peer's Ed25519 key, which its ID holds.
func (p PeerInfo) PublicKey() ed25519.PublicKey { return slices.Clone(p.ID[:]) }

// Address is the address in use, without an endpoint if none is known.
func (p PeerInfo) Address() identity.Address {
	if len(p.Addresses) == 0 {
		return identity.Address{ID: p.ID}
	}
	return p.Addresses[0].Address
}

// Answered is when the peer last answered, or sent something under a session; zero: never.
func (p PeerInfo) Answered() (last time.Time) {
	for _, a := range p.Addresses {
		if a.Answered.After(last) {
			last = a.Answered
		}
	}
	return last
}

// Peers is everybody whom this node knows, nearest to it first: the peers of its routing
// table, those with a session, those that it has met lately (Limits.Peers), and those with
// a note.
func (n *Node) Peers() []PeerInfo {
	known := n.driver.Peers()
	all := make([]PeerInfo, len(known))
	for i, p := range known {
		all[i] = n.infoOf(p)
	}
	return all
}

// PeersEndingIn are those of Peers, and this node itself, whose IDs end in a text, in the
// order of their IDs.
func (n *Node) PeersEndingIn(text string) (ids []identity.ID) {
	for _, id := range append(n.driver.PeerIDs(), n.id) {
		if strings.HasSuffix(id.String(), text) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b identity.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// Peer is what this node knows of one peer; ok is false if it knows nothing of it. It asks
// nobody: FindPeer does.
func (n *Node) Peer(id identity.ID) (info PeerInfo, ok bool) {
	p, ok := n.driver.Peer(id)
	return n.infoOf(p), ok
}

func (n *Node) infoOf(p driver.Peer) PeerInfo {
	self, position := n.id.Position(), p.ID.Position()
	info := PeerInfo{
		ID: p.ID, Distance: identity.DistanceBits(&position, &self), Met: p.Met, Serves: p.Serves, Failing: p.Failing, Left: p.Left,
		InTable: p.InTable, Session: p.Session, RTT: p.RTT, RTTVar: p.RTTVar,
		Protocols: p.Protocols, MoreProtocols: p.MoreProtocols, ProtocolsAsked: p.Asked,
	}
	for _, a := range p.Addresses {
		info.Addresses = append(info.Addresses, PeerAddress{a.Address, a.Heard})
	}
	for name, text := range p.Notes {
		p.Notes[name] = append([]byte{}, text...) // what is in the map is the node's own
	}
	info.Notes = p.Notes
	return info
}

// Note is what SetNote has noted about a peer under a name; ok is false if that is nothing.
func (n *Node) Note(id identity.ID, name string) (text []byte, ok bool) {
	return n.driver.Note(id, name)
}

// SetNote notes something about a peer under a name, whether or not the peer is known; nil
// removes the note. With a data directory notes outlive the node, and SetNote returns once
// the note is on disk. Errors: ErrBadNote, ErrNotesFull; ErrJournal, ErrClosed.
func (n *Node) SetNote(ctx context.Context, id identity.ID, name string, text []byte) error {
	return n.driver.SetNote(ctx, id, name, text)
}

// askAgainAfter is how long it is remembered that a peer does not handle a protocol.
const askAgainAfter = 10 * time.Minute

// Support is which protocols of some a peer handles.
type Support struct {
	Handled []string `json:"handled"` // it has said so
	Unknown []string `json:"unknown"` // it handles more protocols than it has named, maybe these too
}

// Supports says which of the protocols a peer handles. A peer is asked once, as by
// Protocols, and its answer remembered until it leaves or falls silent, or, if it did not
// name one of them, for 10 minutes. One that has left or is silent is looked up and asked.
// Errors: ErrBadProtocol; as Protocols.
func (n *Node) Supports(ctx context.Context, id identity.ID, protocols ...string) (Support, error) {
	for _, name := range protocols {
		if err := rpc.CheckProtocol(name); err != nil {
			return Support{}, err
		}
	}
	if id == n.id {
		return supportOf(protocols)(n.driver.OwnProtocols()), nil
	}
	p, _ := n.Peer(id)
	known := supportOf(protocols)(p.Protocols, p.MoreProtocols)
	answers := !p.ProtocolsAsked.IsZero() && !p.Failing && !p.Left
	if answers && (len(known.Handled) == len(protocols) || n.wallNow().Sub(p.ProtocolsAsked) < askAgainAfter) {
		return known, nil
	}
	to := p.Address()
	if to.ID = id; p.Failing || p.Left {
		to = identity.Address{ID: id} // look it up
	}
	pong, err := n.Protocols(ctx, to)
	return supportOf(protocols)(pong.Protocols, pong.MoreProtocols), err
}

// wallNow is the present time as results show it.
func (n *Node) wallNow() time.Time { return n.driver.Wall(n.driver.Now()) }

// supportOf compares what a peer has named with what is asked for.
func supportOf(protocols []string) func(names []string, more bool) Support {
	return func(names []string, more bool) (s Support) {
		for _, name := range protocols {
			if slices.Contains(names, name) {
				s.Handled = append(s.Handled, name)
			} else if more {
				s.Unknown = append(s.Unknown, name)
			}
		}
		return s
	}
}
