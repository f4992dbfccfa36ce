package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A netgroup gets an eighth of the dial backs of a minute, a peer one, and what is not sent
// is counted (design R8.23).
func TestDialBacksAreBounded(t *testing.T) {
	n := newNetwork(t, 18)
	nd := n.add(nil)
	nd.e.enter(n.now, nil)
	defer nd.e.leave()
	ask := func(peer int, ip string) bool {
		a := identity.Address{ID: seedKey(1000 + peer).ID(), Endpoint: netip.MustParseAddrPort(ip + ":4100")}
		before := nd.e.counters.seldom().DialBacks
		nd.e.dialBack(n.book.Intern(a))
		return nd.e.counters.seldom().DialBacks > before
	}
	sent := 0
	for peer := range 20 {
		if ask(peer, fmt.Sprintf("20.0.0.%d", peer+1)) {
			sent++
		}
	}
	if sent != 7 || nd.e.Stats().DialBacksRefused != 13 {
		t.Errorf("one netgroup: %d sent, %d refused; want 7 and 13", sent, nd.e.Stats().DialBacksRefused)
	}
	for peer := 20; peer < 100; peer++ {
		if ask(peer, fmt.Sprintf("20.1.%d.1", peer)) {
			sent++
		}
	}
	if sent != 60 {
		t.Errorf("%d sent in a minute, want 60", sent)
	}
	nd.e.now = n.now.Add(time.Minute)
	if !ask(0, "20.0.0.1") || ask(0, "20.0.0.1") {
		t.Error("a minute later a peer does not get exactly one")
	}
}

// The requests of which a receiver is to be told that they are settled are bounded, and the
// newest are kept (design R8.20).
func TestSettledRequestsAreBounded(t *testing.T) {
	var s settledRequests
	for peer := range 2 * maxSettledPeers {
		for id := range uint64(2 * maxSettledOfAPeer) {
			s.add(epoch, identity.ID{byte(peer)}, id)
		}
	}
	if len(s) != maxSettledPeers || s.len() != maxSettledPeers*maxSettledOfAPeer {
		t.Errorf("%d of %d peers", s.len(), len(s))
	}
	last := identity.ID{2*maxSettledPeers - 1}
	if ids := s.take(nil, last); len(ids) != rpc.MaxSettled || ids[0] != maxSettledOfAPeer {
		t.Errorf("of the last peer: %v", ids)
	}
	if s.add(epoch, identity.ID{maxSettledPeers}, 1); len(s) != maxSettledPeers {
		t.Errorf("one more of a peer that is known leaves %d peers", len(s))
	}
	s.add(epoch.Add(rpc.RememberFor), last, 1)
	if s.len() > maxSettledOfAPeer {
		t.Errorf("%d are left after 30 s", s.len())
	}
}
