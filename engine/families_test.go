package engine

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Contacts that the asker cannot use do not take the places of those that it can, however
// near they are.
func TestUselessContactsMakeRoom(t *testing.T) {
	n := newNetwork(t, 60)
	nd := n.add(nil)
	add := func(count int, address func(i byte) netip.Addr) {
		for i := range byte(count) {
			a := identity.Address{ID: seedKey(1000 + n.book.Len()).ID(), Endpoint: netip.AddrPortFrom(address(i), 4100)}
			nd.e.table.Seen(n.now, n.book.Intern(a))
		}
	}
	add(12, func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{9, i, 1, 1}) })
	add(60, func(i byte) netip.Addr { return netip.AddrFrom16([16]byte{0x2a, i, 1}) })
	add(60, func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, i, 1}) })
	asker := identity.Address{ID: seedKey(5).ID(), Endpoint: netip.MustParseAddrPort("9.9.9.9:4100")}
	usable := 0
	nd.e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) {
		if ip := n.book.Address(c).Endpoint.Addr(); ip.Is4() && !ip.IsPrivate() {
			usable++
		}
	})
	for range 20 {
		q := &rpc.Message{Type: rpc.FindNode, ID: n.rnd.Uint64(), Target: randomTarget(n.rnd), Families: rpc.IPv4}
		fx := nd.e.Receive(n.now, &Inbound{From: n.book.Intern(asker), Message: q, Token: 1, Room: 1180}, nil)
		for _, f := range fx {
			if f.Kind == SendReply && len(f.Message.Contacts) != usable {
				t.Errorf("%d contacts named, %d would be of use", len(f.Message.Contacts), usable)
			}
		}
	}
}
