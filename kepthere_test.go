package kadmium

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/transport/memnet"
)

// puts and provides a key; both are to be kept at this node only, or at all others too.
func writeBoth(t *testing.T, n *Node, key string, keptHere bool) {
	t.Helper()
	put, putErr := n.Put(t.Context(), key, []byte("mine"), PutOptions{})
	provided, provideErr := n.Provide(t.Context(), key)
	for what, got := range map[string]struct {
		Stored
		err error
	}{"put": {put, putErr}, "provide": {provided, provideErr}} {
		if got.KeptHere != keptHere || errors.Is(got.err, ErrKeptHere) != keptHere || !keptHere && got.err != nil || !got.SelfHolder || !got.Published {
			t.Errorf("%s %s: %+v, %v", what, key, got.Stored, got.err)
		}
	}
}

// has checks that another node reads what was put and provided.
func has(t *testing.T, n *Node, key string) {
	t.Helper()
	held := 0
	n.driver.View(func(e *engine.Engine) {
		if r, ok := e.Store().Get(time.Now(), []byte(key)); ok && string(r.Value) == "mine" {
			held++
		}
		held += len(e.Store().AllProviders(time.Now(), []byte(key), nil))
	})
	if held != 2 {
		t.Errorf("%s: of a record and a provider entry the other node holds %d", key, held)
	}
}

// What is put or provided before the first join, or while the link is away, is said to be
// kept at this node only, and is published within seconds of the first answer.
func TestPutWhileTheLinkIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		late := netip.AddrPortFrom(publicIP(2), 4100)
		n, err := New(Config{
			Mode: Server, Bootstrap: []string{late.String()}, Listen: []string{netip.AddrPortFrom(publicIP(1), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		writeBoth(t, n, "/v/before the first join", true)
		n.Joined(t.Context())
		writeBoth(t, n, "/v/after it failed", true)
		other := on(t, network, 2, Config{Mode: Server})
		for !knows(n, other.ID()) {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		has(t, other, "/v/before the first join")
		has(t, other, "/v/after it failed")
		writeBoth(t, n, "/v/joined", false)

		if _, err := other.Put(t.Context(), "/v/away", []byte("theirs"), PutOptions{Sequence: new(uint64)}); err != nil {
			t.Fatal(err)
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		writeBoth(t, n, "/v/away", true)
		high := uint64(7)
		other.Put(t.Context(), "/v/away", []byte("theirs"), PutOptions{Sequence: &high})
		once, err := n.Put(t.Context(), "/v/short", []byte("mine"), PutOptions{TTL: time.Hour})
		if !errors.Is(err, ErrKeptHere) || !once.KeptHere || once.Published {
			t.Errorf("a short one: %+v, %v", once, err)
		}
		time.Sleep(10 * time.Minute)
		network.Partition(nil)
		if _, err := n.Ping(t.Context(), other.Addresses()[0]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		has(t, other, "/v/away")
		v, err := other.Get(t.Context(), "/v/away", GetOptions{})
		if err != nil || string(v.Value) != "mine" || v.Sequence != 8 {
			t.Errorf("others had sequence 7; then: %+v, %v", v, err)
		}
		short, err := other.Get(t.Context(), "/v/short", GetOptions{})
		if left := time.Until(short.Expires); err != nil || left > 50*time.Minute {
			t.Errorf("the short one has %v left, %v", left, err)
		}
	})
}

// A node without bootstrap peers that never met anybody is a network of its own.
func TestPutInANetworkOfOne(t *testing.T) {
	n := start(t, Config{})
	writeBoth(t, n, "/v/alone", false)
	if _, err := n.Bootstrap(canceled(t), nowhere.String()); err == nil {
		t.Error("joined nobody")
	}
	writeBoth(t, n, "/v/still alone", true)
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, 10*time.Millisecond)
	t.Cleanup(end)
	return ctx
}
