package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// Who fills the stores of all nodes from a few subnets keeps nobody's records out, neither
// while he goes on nor afterwards, and displaces none.
func TestStoreFlood(t *testing.T) {
	for _, subnets := range []int{4, 40} {
		t.Run(fmt.Sprint(subnets), func(t *testing.T) { storeFlood(t, subnets) })
	}
}

func storeFlood(t *testing.T, subnets int) {
	n := newNetwork(t, 33)
	for i := range 24 {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{9, byte(i), 1, 1}), 4100)
		nd := n.add(func(c *Config) { c.Endpoint, c.Store = at, &store.Config{MaxRecords: 400} })
		if nd.move(at); i > 0 {
			nd.join()
		}
	}
	put := func(key string, by int) {
		if r := n.nodes[by].put(PutQuery{Key: []byte(key), Value: []byte("x")}); r.Err != nil {
			t.Errorf("%s: %v", key, r.Err)
		}
	}
	sent := 0
	flood := func(count int) {
		for range count {
			sent++
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{77, byte(sent % subnets), 1, 1}), 4100)
			from := n.book.Intern(identity.Address{ID: identity.ID{7, byte(sent % subnets)}, Endpoint: at})
			r := &rpc.Record{Key: fmt.Appendf(nil, "/v/flood%d", sent), Value: []byte("x"), Sequence: 1, TTL: 24 * time.Hour}
			for _, nd := range n.nodes {
				m := &rpc.Message{Type: rpc.Store, ID: uint64(sent), Record: r}
				nd.e.Receive(n.now, &Inbound{From: from, Message: m, Proven: true}, nil)
				nd.wake = nd.e.WakeAt()
			}
		}
	}
	reached := func(name string, count int) {
		short := 0
		for i := range count {
			if len(n.holders(fmt.Sprintf("/v/%s%d", name, i))) < 15 {
				short++
			}
		}
		if short > count/20 {
			t.Errorf("%d of %d records put %s have less than 15 holders", short, count, name)
		}
	}
	for i := range 24 {
		put(fmt.Sprintf("/v/before%d", i), i)
	}
	flood(700)
	for i := range 96 {
		put(fmt.Sprintf("/v/during%d", i), i%24)
		flood(5)
	}
	for range 10 {
		n.run(time.Minute)
		flood(20)
	}
	reached("before", 24)
	reached("during", 96)
	if s := n.nodes[3].e.Store().Stats(); s.Records != 400 || s.Displaced == 0 {
		t.Errorf("a node holds %d records, and has displaced %d", s.Records, s.Displaced)
	}
}
