package kadmium

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// wantReady asks the node, with a second for the answer.
func wantReady(t *testing.T, n *Node, want bool, reason string) Readiness {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r := n.Ready(ctx)
	if r.Ready != want || !strings.Contains(r.Reason, reason) {
		t.Errorf("%v: %+v; want ready %v, and %q in its reason", time.Now().Format(time.TimeOnly), r, want, reason)
	}
	return r
}

// Nodes of a network at rest are ready whenever they are asked. When its link is cut each
// says so within a minute, and what asking costs stays bounded; afterwards all are ready.
func TestReadyUntilTheLinkIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := servers(t, network, 6)
		for range 20 {
			time.Sleep(47 * time.Second)
			for _, n := range nodes {
				wantReady(t, n, true, "a peer answered")
			}
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		time.Sleep(31 * time.Second)
		before := nodes[0].Stats().Counters
		for range 180 {
			for _, n := range nodes {
				wantReady(t, n, false, "nobody has answered for")
			}
			time.Sleep(4 * time.Second)
		}
		after := nodes[0].Stats().Counters
		probes, lookups := after["ready.probes"]-before["ready.probes"], after["ready.lookups"]-before["ready.lookups"]
		if most := uint64(3 * (15 * 60 / 15)); probes == 0 || probes > most || lookups == 0 || lookups > 2 {
			t.Errorf("in 15 min %d PINGs and %d lookups to learn whether it is ready", probes, lookups)
		}
		network.Partition(nil)
		time.Sleep(time.Minute)
		for _, n := range nodes {
			wantReady(t, n, true, "a peer answered")
		}
	})
}

// Callers at once share the PINGs.
func TestReadyAskedByManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond}), 6)
		n := nodes[2]
		time.Sleep(10 * time.Minute)
		before := n.Stats().Counters["ready.probes"]
		ended, end := context.WithCancel(t.Context())
		end()
		for range 100 {
			go n.Ready(ended)
			go wantReady(t, n, true, "")
		}
		time.Sleep(time.Second)
		if sent := n.Stats().Counters["ready.probes"] - before; sent > 3 {
			t.Errorf("%d PINGs for 200 callers", sent)
		}
	})
}

// A node that was given nobody else to join through is ready alone, and says so, until it
// has met somebody.
func TestReadyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, Config{Mode: Server})
		if r := wantReady(t, first, true, "given no peer"); !r.Alone || !r.Answered.IsZero() {
			t.Errorf("%+v", r)
		}
		itself := seeded(t, network, 2, netip.AddrPortFrom(publicIP(2), 4100).String())
		itself.Joined(t.Context())
		if r := wantReady(t, itself, true, "is itself"); !r.Alone {
			t.Errorf("%+v", r)
		}
		other := on(t, network, 3, Config{Mode: Server}, first)
		if r := wantReady(t, first, true, ""); r.Alone {
			t.Errorf("with a peer: %+v", r)
		}
		other.Close()
		time.Sleep(31 * time.Second)
		wantReady(t, first, false, "no peer is known")
	})
}

// seeded makes a node on an in-memory network that has not joined yet.
func seeded(t *testing.T, network *memnet.Network, i int, seed string) *Node {
	t.Helper()
	n, err := New(Config{
		Mode: Server, Bootstrap: []string{seed}, Listen: []string{netip.AddrPortFrom(publicIP(i), 4100).String()},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func TestNotReadyWhileJoiningAndClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := seeded(t, network, 1, nowhere.String())
		wantReady(t, n, false, "joining")
		if err := n.Joined(t.Context()); !errors.Is(err, ErrNoAnswer) {
			t.Error(err)
		}
		wantReady(t, n, false, "no peer is known")
		if err := n.Health(); err != nil {
			t.Errorf("Health: %v", err)
		}
		n.Close()
		wantReady(t, n, false, "closing")
		if err := n.Health(); !errors.Is(err, ErrClosed) {
			t.Errorf("Health: %v", err)
		}
	})
}
