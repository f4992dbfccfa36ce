package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// handles has a node handle so many protocols, and others if more.
func handles(count int, more bool) func(*Config) {
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("/%063d", i))
	}
	return func(c *Config) { c.Protocols = func() ([]string, bool) { return names, more } }
}

// A peer says which protocols it handles, but under a session only: a PING that begins
// one is sent again.
func TestProtocols(t *testing.T) {
	for _, test := range []struct {
		count, named int
		others, more bool
	}{
		{0, 0, false, false}, {0, 0, true, true}, {3, 3, false, false}, {16, 16, true, true}, {17, 16, false, true},
	} {
		n := newNetwork(t, 9)
		n.grow(1, nil)
		peer := n.add(handles(test.count, test.others))
		asks := n.add(nil)
		for range 2 { // without a session, and with one
			r := asks.operate(func(op OpID) []Effect { return asks.e.Protocols(n.now, op, peer.address, nil) })
			if r.Err != nil || len(r.Protocols) != test.named || r.MoreProtocols != test.more || !slices.IsSorted(r.Protocols) {
				t.Errorf("%+v: %d named, more %v, %v", test, len(r.Protocols), r.MoreProtocols, r.Err)
			}
		}
		if n.count[rpc.Ping] < 3 {
			t.Errorf("%d PINGs", n.count[rpc.Ping])
		}
		if r := asks.operate(func(op OpID) []Effect { return asks.e.Ping(n.now, op, peer.address, nil) }); r.Protocols != nil {
			t.Errorf("a PING is told of %q", r.Protocols)
		}
	}
}

// From an address that is not proven the names are cut to the room that there is.
func TestProtocolsOfAnUnprovenAsker(t *testing.T) {
	n := newNetwork(t, 9)
	nd := n.add(handles(16, false))
	from := n.book.Intern(identity.Address{ID: seedKey(9).ID(), Endpoint: netip.MustParseAddrPort("203.0.113.9:1")})
	room := session.SessionRoom(session.SessionOverhead+2, false)
	in := &Inbound{From: from, Message: &rpc.Message{Type: rpc.Ping, WantProtocols: true}, Room: room}
	for _, f := range nd.e.Receive(n.now, in, nil) {
		if size := rpc.Size(f.Message, &n.book); f.Kind == SendReply && (size > room || !f.Message.MoreProtocols) {
			t.Errorf("%d bytes in %d, more %v", size, room, f.Message.MoreProtocols)
		}
	}
}
