package kadmium

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// All peers of a node are killed, and it goes on looking up: what it says of its contacts
// and its lookups is true after the first of these; when the peers are back, too.
func TestAllPeersKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(8, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 0, Config{Mode: Server})
		const others = 6
		for i := range others {
			on(t, network, i+1, Config{Mode: Server}, n)
		}
		failing := func() (count int) {
			for _, b := range n.Table().Buckets {
				for _, c := range b.Contacts {
					if c.Failing {
						count++
					}
				}
			}
			return count
		}
		if _, err := n.Get(t.Context(), "/v/nothing", GetOptions{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("before: %v", err)
		}
		if peers := n.Stats().Peers; peers != others || failing() != 0 {
			t.Errorf("before: %d peers, %d failing", peers, failing())
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		if v, err := n.Get(t.Context(), "/v/nothing", GetOptions{}); !errors.Is(err, ErrNoAnswer) || errors.Is(err, ErrNotFound) {
			t.Errorf("Get: %+v, %v", v, err)
		}
		stats := n.Stats()
		if stats.Peers != 0 || stats.Gauges["contacts.failing"] != others || failing() != others || n.Table().Size != others {
			t.Errorf("after a lookup: %d peers, %v, %d failing of %d", stats.Peers, stats.Gauges, failing(), n.Table().Size)
		}
		if _, err := n.FindPeer(t.Context(), identity.ID{1}); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("FindPeer: %v", err)
		}
		var last error
		for _, err := range n.Providers(t.Context(), "/v/nothing", ProvidersOptions{}) {
			last = err
		}
		if !errors.Is(last, ErrNoAnswer) {
			t.Errorf("Providers: %v", last)
		}
		network.Partition(nil)
		time.Sleep(time.Minute)
		if peers := n.Stats().Peers; peers != others || failing() != 0 {
			t.Errorf("when they are back: %d peers, %d failing", peers, failing())
		}
	})
}
