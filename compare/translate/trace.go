package translate

import (
	"net"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kadmium"
	"kadmium/identity"
	"kadmium/lookup"
)

// An Operation is the kind of operation that made a lookup. It decides whether "found" means a
// peer or a value.
type Operation int

// The operations.
const (
	Closest Operation = iota
	FindPeer
	Get
	Put
	Provide
	Providers
)

// Trace converts the steps of a lookup to query events, in the same order.
func Trace(op Operation, l kadmium.Lookup) []*routing.QueryEvent {
	var events []*routing.QueryEvent
	answers := make(map[identity.ID]*routing.QueryEvent)
	for i := range l.Trace {
		s := &l.Trace[i]
		e := event(op, s)
		if e == nil {
			continue
		}
		if e.Type == routing.PeerResponse {
			answers[s.Peer] = e
		}
		if named := answers[s.NamedBy]; e.Type == routing.SendingQuery && named != nil {
			named.Responses = append(named.Responses, info(s.Address))
		}
		events = append(events, e)
	}
	return events
}

// Provider converts a provider that was found to a query event.
func Provider(p kadmium.Provider) *routing.QueryEvent {
	return &routing.QueryEvent{Type: routing.Provider, Responses: []*peer.AddrInfo{info(p.Address)}}
}

// event converts one step, without the peers that an answer named; nil if libp2p has no kind
// for it.
func event(op Operation, s *kadmium.Step) *routing.QueryEvent {
	e := &routing.QueryEvent{ID: peerID(s.Peer)}
	switch s.Kind {
	case lookup.Asked.String():
		e.Type = routing.SendingQuery
	case lookup.Answered.String():
		e.Type = routing.PeerResponse
	case lookup.Failed.String():
		e.Type, e.Extra = routing.QueryError, kadmium.ErrNoAnswer.Error()
	case lookup.Found.String():
		return found(op, s)
	case lookup.Ended.String():
		if s.Reason != lookup.NoContacts.String() {
			return nil
		}
		e.Type, e.Extra = routing.QueryError, kadmium.ErrNoPeers.Error()
	default:
		return nil
	}
	return e
}

func found(op Operation, s *kadmium.Step) *routing.QueryEvent {
	switch op {
	case FindPeer:
		return &routing.QueryEvent{Type: routing.FinalPeer, ID: peerID(s.Peer), Responses: []*peer.AddrInfo{info(s.Address)}}
	case Get:
		return &routing.QueryEvent{Type: routing.Value, ID: peerID(s.Peer)}
	}
	return nil
}

// peerID is a peer ID in libp2p's type, empty for none.
func peerID(id identity.ID) peer.ID {
	if id.IsZero() {
		return ""
	}
	b := id.Bytes()
	return peer.ID(b[:])
}

// info is a peer with one address, /ip4/.../udp/... or /ip6/.../udp/...
func info(a identity.Address) *peer.AddrInfo {
	p := &peer.AddrInfo{ID: peerID(a.ID)}
	at, err := manet.FromNetAddr(net.UDPAddrFromAddrPort(a.Endpoint))
	if err == nil { // otherwise the endpoint is not known
		p.Addrs = []multiaddr.Multiaddr{at}
	}
	return p
}
