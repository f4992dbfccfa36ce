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

// However many subnets have their writes wait for the journal, there is room for another.
func TestWaitingWritesLeaveRoom(t *testing.T) {
	n := newNetwork(t, 1)
	nd := n.add(func(c *Config) { c.Durable = true })
	sent := 0
	accepted := func(wide byte) bool {
		sent++
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{77, wide, 1, 1}), 4100)
		from := n.book.Intern(identity.Address{ID: identity.ID{7, wide}, Endpoint: at})
		r := &rpc.Record{Key: fmt.Appendf(nil, "/v/%d", sent), Value: []byte("x"), Sequence: 1, TTL: 24 * time.Hour}
		m := &rpc.Message{Type: rpc.Store, ID: uint64(sent), Record: r}
		fx := nd.e.Receive(n.now, &Inbound{From: from, Message: m, Proven: true}, nil)
		for _, f := range fx {
			if f.Kind == Persist {
				return true
			}
		}
		return false
	}
	for range 3 * maxUnsynced {
		accepted(1)
	}
	if got := nd.e.Stats().Unsynced; got > maxUnsynced/4 {
		t.Errorf("%d writes of one subnet wait", got)
	}
	for i := range 40 * maxUnsynced {
		accepted(byte(2 + i%40))
	}
	for wide := range byte(8) {
		if !accepted(100 + wide) {
			t.Errorf("a subnet of which nothing waits is refused; %d writes wait", nd.e.Stats().Unsynced)
		}
	}
	if got := nd.e.Stats().Unsynced; got > maxUnsynced {
		t.Errorf("%d writes wait", got)
	}
	// Once they are synced there is room again.
	for id := uint64(1); nd.e.Stats().Unsynced > 0; id++ {
		nd.e.Persisted(n.now, id, nil, nil)
	}
	if !accepted(1) {
		t.Error("refused, though nothing waits")
	}
}

// What a write displaces and what it stores are one transaction, and confirmed after it.
func TestDisplacingIsConfirmedOnceSynced(t *testing.T) {
	for _, fails := range []bool{false, true} {
		n := newNetwork(t, 1)
		nd := n.add(func(c *Config) { c.Durable, c.Store = true, &store.Config{MaxRecords: 2, MaxPerSource: 2} })
		var fx []Effect
		send := func(wide byte, key string) {
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{77, wide, 1, 1}), 4100)
			from := n.book.Intern(identity.Address{ID: identity.ID{7, wide}, Endpoint: at})
			r := &rpc.Record{Key: []byte(key), Value: []byte("x"), Sequence: 1, TTL: 24 * time.Hour}
			fx = nd.e.Receive(n.now, &Inbound{From: from, Message: &rpc.Message{Type: rpc.Store, ID: 1, Record: r}, Proven: true, Token: 9}, nil)
		}
		persists := func() (list []Effect) {
			for _, f := range fx {
				switch f.Kind {
				case Persist:
					list = append(list, f)
				case SendReply:
					t.Errorf("answered before it is synced")
				}
			}
			return list
		}
		for _, key := range []string{"/v/a", "/v/b"} {
			send(1, key)
			nd.e.Persisted(n.now, persists()[0].PersistID, nil, nil)
		}
		send(2, "/v/c")
		waiting := persists()
		if len(waiting) != 1 || len(waiting[0].Changes) != 2 || string(waiting[0].Changes[0].Key) != "/v/b" || waiting[0].Changes[0].Value != nil {
			t.Fatalf("%+v, want one transaction that removes /v/b and stores /v/c", waiting)
		}
		var err error
		want := rpc.OK
		if fails {
			err, want = ErrJournal, rpc.Failed
		}
		fx = nd.e.Persisted(n.now, waiting[0].PersistID, err, nil)
		if len(fx) != 1 || fx[0].Kind != SendReply || fx[0].Message.Status != want {
			t.Errorf("%+v, want the answer %v", fx, want)
		}
	}
}

// In a large network a full store displaces of a source what is outside the region in which
// this node is a holder before what is inside.
func TestRegionOfAFullStore(t *testing.T) {
	n := newNetwork(t, 1)
	nd := n.add(func(c *Config) { c.Size, c.Store = 100, &store.Config{MaxRecords: 16, MaxPerSource: 16} })
	self := nd.cfg.Self.Position()
	inside := func(key []byte) bool {
		p := identity.KeyPosition(key)
		return p.Prefix()^self.Prefix() < 1<<63/5*2 // k/N = 1/5
	}
	send := func(wide byte, key []byte) {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{77, wide, 1, 1}), 4100)
		from := n.book.Intern(identity.Address{ID: identity.ID{7, wide}, Endpoint: at})
		r := &rpc.Record{Key: key, Value: []byte("x"), Sequence: 1, TTL: 24 * time.Hour}
		nd.e.Receive(n.now, &Inbound{From: from, Message: &rpc.Message{Type: rpc.Store, ID: 1, Record: r}, Proven: true}, nil)
	}
	var keys [][]byte
	for i, count := 0, [2]int{}; len(keys) < 16; i++ {
		key, at := fmt.Appendf(nil, "/v/%d", i), 0
		if inside(key) {
			at = 1
		}
		if count[at]++; count[at] <= 8 {
			keys = append(keys, key)
			send(1, key)
		}
	}
	for wide := range byte(8) {
		send(2+wide, fmt.Appendf(nil, "/v/other%d", wide))
	}
	for _, key := range keys {
		if _, ok := nd.e.Store().Get(n.now, key); ok != inside(key) {
			t.Errorf("%s, in the region %v: held %v", key, inside(key), ok)
		}
	}
}
