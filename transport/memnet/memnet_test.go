package memnet

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	alice = netip.MustParseAddrPort("192.0.2.1:4100")
	bob   = netip.MustParseAddrPort("192.0.2.2:4100")
	carol = netip.MustParseAddrPort("192.0.2.3:4100")
	nated = netip.MustParseAddrPort("10.0.0.7:4100")
)

func listen(t *testing.T, n *Network, at netip.AddrPort) *Conn {
	t.Helper()
	c, err := n.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// drain reads numbered datagrams until none comes for a second.
func drain(t *testing.T, c *Conn) (numbers []int, from netip.AddrPort) {
	t.Helper()
	b := make([]byte, 64)
	for {
		c.SetReadDeadline(time.Now().Add(time.Second))
		n, source, err := c.ReadFromUDPAddrPort(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return numbers, from
		}
		if err != nil || n != 4 {
			t.Fatalf("read %d bytes, %v", n, err)
		}
		from = source
		numbers = append(numbers, int(binary.BigEndian.Uint32(b)))
	}
}

func send(t *testing.T, c *Conn, to netip.AddrPort, number int) {
	t.Helper()
	if _, err := c.WriteToUDPAddrPort(binary.BigEndian.AppendUint32(nil, uint32(number)), to); err != nil {
		t.Fatal(err)
	}
}

func TestPerfectNetworkKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1, Conditions{Latency: 10 * time.Millisecond, Jitter: 50 * time.Millisecond})
		a, b := listen(t, n, alice), listen(t, n, bob)
		start := time.Now()
		for i := range 100 {
			send(t, a, bob, i)
		}
		got, from := drain(t, b)
		if len(got) != 100 || !slices.IsSorted(got) || from != alice {
			t.Fatalf("got %v from %v", got, from)
		}
		if took := time.Since(start) - time.Second; took < 10*time.Millisecond || took > 60*time.Millisecond {
			t.Fatalf("the last arrived after %v", took)
		}
	})
}

func TestBadLuckFollowsItsOdds(t *testing.T) {
	const sent = 4000 // a test's queue holds so many
	run := func(seed uint64) []int {
		n := New(seed, Conditions{Latency: time.Millisecond, Loss: .1, Duplicate: .1, Reorder: .1})
		a, b := listen(t, n, alice), listen(t, n, bob)
		for i := range sent {
			send(t, a, bob, i)
			if i%40 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		got, _ := drain(t, b)
		stats := n.Stats()
		a.Close()
		b.Close()
		for what, share := range map[string]uint64{"lost": stats.Lost, "duplicated": stats.Duplicated} {
			if share < sent/14 || share > sent/7 {
				t.Errorf("%s: %d of %d", what, share, sent)
			}
		}
		if int(stats.Delivered) != len(got) || slices.IsSorted(got) {
			t.Errorf("%d delivered, %d read, in order: %v", stats.Delivered, len(got), slices.IsSorted(got))
		}
		return got
	}
	synctest.Test(t, func(t *testing.T) {
		if first, again := run(7), run(7); !slices.Equal(first, again) {
			t.Error("one seed, two outcomes")
		}
	})
}

func TestPartitionHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1, Conditions{Latency: time.Millisecond})
		a, b, c := listen(t, n, alice), listen(t, n, bob), listen(t, n, carol)
		n.Partition(func(from, to netip.Addr) bool { return from == alice.Addr() && to == bob.Addr() })
		send(t, a, bob, 1)
		send(t, a, carol, 2)
		send(t, b, alice, 3)
		if got, _ := drain(t, b); got != nil {
			t.Errorf("crossed the cut: %v", got)
		}
		if got, _ := drain(t, c); !slices.Equal(got, []int{2}) {
			t.Errorf("beside the cut: %v", got)
		}
		if got, _ := drain(t, a); !slices.Equal(got, []int{3}) {
			t.Errorf("against the cut: %v", got)
		}
		n.Partition(nil)
		send(t, a, bob, 4)
		if got, _ := drain(t, b); !slices.Equal(got, []int{4}) {
			t.Errorf("after healing: %v", got)
		}
	})
}

func TestNATMapsFiltersAndRebinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1, Conditions{})
		nat, err := n.NAT(netip.MustParseAddr("198.51.100.1"))
		if err != nil {
			t.Fatal(err)
		}
		inner, err := nat.Listen(nated)
		if err != nil {
			t.Fatal(err)
		}
		defer inner.Close()
		b, c := listen(t, n, bob), listen(t, n, carol)
		send(t, inner, bob, 1)
		_, public := drain(t, b)
		if seen, ok := nat.Public(inner); !ok || seen != public || public.Addr() == nated.Addr() {
			t.Fatalf("bob saw %v, the NAT says %v", public, seen)
		}
		send(t, b, public, 2)
		send(t, c, public, 3) // was never written to: filtered
		if got, from := drain(t, inner); !slices.Equal(got, []int{2}) || from != bob {
			t.Fatalf("inside came %v from %v", got, from)
		}
		nat.Rebind()
		send(t, b, public, 4)
		send(t, inner, bob, 5)
		_, moved := drain(t, b)
		if moved == public || moved.Addr() != public.Addr() {
			t.Fatalf("rebound from %v to %v", public, moved)
		}
		if got, _ := drain(t, inner); got != nil {
			t.Fatalf("through the old port came %v", got)
		}
	})
}

func TestAddressesAreTakenOnce(t *testing.T) {
	n := New(1, Conditions{})
	a := listen(t, n, alice)
	if _, err := n.Listen(alice); !errors.Is(err, ErrAddressInUse) {
		t.Fatalf("second Listen: %v", err)
	}
	a.Close()
	listen(t, n, alice)
	one, two := listen(t, n, netip.AddrPortFrom(alice.Addr(), 0)), listen(t, n, netip.AddrPortFrom(alice.Addr(), 0))
	if one.AddrPort() == two.AddrPort() {
		t.Fatal("one port picked twice")
	}
}

func TestCloseEndsRead(t *testing.T) {
	n := New(1, Conditions{})
	a := listen(t, n, alice)
	ended := make(chan error)
	go func() {
		_, _, err := a.ReadFrom(make([]byte, 1))
		ended <- err
	}()
	a.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Fatalf("read ended with %v", err)
	}
	if _, err := a.WriteTo(nil, a.LocalAddr()); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("write after Close: %v", err)
	}
}

func TestInjectAndTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1, Conditions{})
		b := listen(t, n, bob)
		var seen []byte
		n.Tap(func(from, to netip.AddrPort, datagram []byte) { seen = append(seen, datagram...) })
		n.Inject(carol, bob, []byte{0, 0, 0, 9})
		if got, from := drain(t, b); !slices.Equal(got, []int{9}) || from != carol {
			t.Fatalf("got %v from %v", got, from)
		}
		if !slices.Equal(seen, []byte{0, 0, 0, 9}) {
			t.Fatalf("tapped %v", seen)
		}
	})
}
