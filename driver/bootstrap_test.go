package driver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// A fakeResolver answers for the names it holds after a time, and never for others.
type fakeResolver map[string]lookedUp

type lookedUp struct {
	after time.Duration
	ips   []netip.Addr
}

func (f fakeResolver) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	answer, ok := f[host]
	if !ok {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	select {
	case <-time.After(answer.after):
		return answer.ips, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// allSilent is a resolver that never answers.
var allSilent = fakeResolver{}.lookUp

// byName makes a driver on an in-memory network that joins by names and addresses, and
// does not wait until it has joined.
func byName(t *testing.T, network *memnet.Network, i int, resolver func(context.Context, string) ([]netip.Addr, error), seeds ...string) *Driver {
	t.Helper()
	return begin(t, Config{
		Listen:       []string{netip.AddrPortFrom(publicIP(i), 4100).String()},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
		Engine:       engine.Config{Mode: engine.Server},
		Bootstrap:    parsed(t, seeds...),
		Resolver:     Resolver{Host: resolver},
	})
}

func parsed(t *testing.T, texts ...string) []Seed {
	t.Helper()
	seeds, err := ParseSeeds(texts)
	if err != nil {
		t.Fatal(err)
	}
	return seeds
}

func knows(d *Driver, id identity.ID) (known bool) {
	d.View(func(e *engine.Engine) {
		e.Table().EachHandle(func(c identity.Contact) { known = known || d.Book().Address(c).ID == id })
	})
	return known
}

func inMemory() *memnet.Network {
	return memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
}

// resolveBubble runs a test in virtual time, with seeds 1 and 2, which do not know each
// other.
func resolveBubble(t *testing.T, f func(t *testing.T, network *memnet.Network, one, two *Driver)) {
	synctest.Test(t, func(t *testing.T) {
		network := inMemory()
		f(t, network, on(t, network, 1, engine.Server), on(t, network, 2, engine.Server))
	})
}

func TestSilentResolverBesideAnAddress(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		begun := time.Now()
		d := byName(t, network, 3, allSilent, "silent.example:4100", one.Addresses()[0].String(), "silent.too.example:4100")
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) {
			t.Errorf("Joined: %v", err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("joining took %v", took)
		}
		begun = time.Now()
		if err := d.Join(t.Context(), parsed(t, "silent.example:4100", one.Addresses()[0].String()), Operation{}); err != nil || time.Since(begun) > time.Second {
			t.Errorf("joining again: %v after %v", err, time.Since(begun))
		}
	})
}

func TestSilentResolverBesideAName(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		resolver := fakeResolver{"good.example": {100 * time.Millisecond, []netip.Addr{publicIP(1)}}}
		begun := time.Now()
		d := byName(t, network, 3, resolver.lookUp, "silent.example:4100", "good.example:4100")
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) || time.Since(begun) > time.Second {
			t.Errorf("Joined: %v after %v", err, time.Since(begun))
		}
	})
}

// Nobody answers at the address that is known: the join waits for the names.
func TestSlowNameBesideADeadAddress(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		resolver := fakeResolver{"slow.example": {12 * time.Second, []netip.Addr{publicIP(99), publicIP(1)}}}
		d := byName(t, network, 3, resolver.lookUp, "20.0.98.1:4100", "slow.example:4100")
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) {
			t.Errorf("Joined: %v", err)
		}
	})
}

// A name that resolves after the join is over leads to its peer too.
func TestNameResolvesAfterTheJoin(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, two *Driver) {
		resolver := fakeResolver{"late.example": {8 * time.Second, []netip.Addr{publicIP(2)}}}
		begun := time.Now()
		d := byName(t, network, 3, resolver.lookUp, one.Addresses()[0].String(), "late.example:4100")
		if err := d.Joined(t.Context()); err != nil || knows(d, two.ID()) || time.Since(begun) > time.Second {
			t.Errorf("Joined: %v after %v", err, time.Since(begun))
		}
		time.Sleep(10 * time.Second) // virtual
		if err := findPeer(t.Context(), one, two.ID()); err != nil || !knows(d, two.ID()) {
			t.Errorf("the two seeds have not been brought together: %v", err)
		}
	})
}

// A node that is alone looks the names up again, whatever is silent.
func TestNamesAreLookedUpAgain(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		moved := time.Now().Add(30 * time.Second)
		resolver := func(ctx context.Context, host string) ([]netip.Addr, error) {
			at := publicIP(99)
			if time.Now().After(moved) {
				at = publicIP(1)
			}
			return fakeResolver{"moves.example": {0, []netip.Addr{at}}}.lookUp(ctx, host)
		}
		d := byName(t, network, 3, resolver, "silent.example:4100", "moves.example:4100")
		if err := d.Joined(t.Context()); !errors.Is(err, engine.ErrNoAnswer) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Joined: %v", err)
		}
		time.Sleep(2 * time.Minute) // virtual
		if !knows(d, one.ID()) {
			t.Error("two minutes later it is still alone")
		}
	})
}

func TestCloseWhileTheResolverIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := byName(t, inMemory(), 3, allSilent, "silent.example:4100")
		synctest.Wait()
		begun := time.Now()
		d.Close()
		if err := d.Joined(t.Context()); !errors.Is(err, ErrClosed) || time.Since(begun) > 0 {
			t.Errorf("Joined: %v after %v", err, time.Since(begun))
		}
	})
}

// Of a name's addresses those are tried that the sockets reach.
func TestNameWithAddressesOfBothFamilies(t *testing.T) {
	six := netip.MustParseAddr("2001:db8::1")
	resolver := fakeResolver{
		"both.example":   {0, []netip.Addr{six, publicIP(99), publicIP(1)}},
		"dead.example":   {0, []netip.Addr{six, publicIP(99)}},
		"six.example":    {0, []netip.Addr{six}},
		"linked.example": {0, []netip.Addr{netip.MustParseAddr("fe80::1%eth0")}},
	}
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		d := byName(t, network, 3, resolver.lookUp, "both.example:4100")
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) {
			t.Errorf("Joined: %v", err)
		}
		for i, seed := range []string{"six.example:4100", "dead.example:4100", netip.AddrPortFrom(six, 4100).String()} {
			d := byName(t, network, 4+i, resolver.lookUp, seed)
			if err := d.Joined(t.Context()); !errors.Is(err, ErrNoSocket) || !errors.Is(err, engine.ErrNoAnswer) {
				t.Errorf("by %s: %v", seed, err)
			}
			if err := d.Join(t.Context(), parsed(t, seed), Operation{}); !errors.Is(err, ErrNoSocket) || !errors.Is(err, engine.ErrNoAnswer) {
				t.Errorf("by %s once more: %v", seed, err)
			}
			if err := d.Join(t.Context(), parsed(t, seed, one.Addresses()[0].String()), Operation{}); err != nil {
				t.Errorf("by %s and an address: %v", seed, err)
			}
		}
		d = byName(t, network, 7, resolver.lookUp, "linked.example:4100")
		if err := d.Joined(t.Context()); !errors.Is(err, engine.ErrNoAnswer) || errors.Is(err, ErrNoSocket) {
			t.Errorf("Joined by an address that is local to a link: %v", err)
		}
	})
}

// A list whose only name is one of this node itself makes it the first of its network; where
// the name has other addresses later, it joins through these.
func TestNameOfItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		began := time.Now()
		resolver := func(context.Context, string) ([]netip.Addr, error) {
			if time.Since(began) < 4*time.Minute {
				return []netip.Addr{publicIP(1)}, nil
			}
			return []netip.Addr{publicIP(1), publicIP(2)}, nil
		}
		auto := func(i int, seed string) *Driver {
			return begin(t, Config{
				Listen:       []string{netip.AddrPortFrom(publicIP(i), 4100).String()},
				ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
				Bootstrap:    parsed(t, seed),
				Resolver:     Resolver{Host: resolver},
			})
		}
		mode := func(d *Driver) (mode engine.Mode) {
			d.View(func(e *engine.Engine) { mode = e.Mode() })
			return mode
		}
		first := auto(1, "all:4100")
		if err := first.Joined(t.Context()); err != nil || mode(first) != engine.Server {
			t.Errorf("%v, %v", err, mode(first))
		}
		time.Sleep(5 * time.Minute)
		second := auto(2, netip.AddrPortFrom(publicIP(2), 4100).String())
		time.Sleep(2 * time.Minute)
		if mode(second) != engine.Server {
			t.Error("the second, whose list names only itself, is a client")
		}
		first.View(func(e *engine.Engine) {
			if e.Table().Len() != 1 {
				t.Error("the first does not know the second")
			}
		})
	})
}

// All addresses of a name are seeds: it is enough that one of them answers, be it the last.
func TestNameWithManyAddresses(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, _ *Driver) {
		var ips []netip.Addr
		for i := range MaxPerName - 1 {
			ips = append(ips, publicIP(100+i))
		}
		resolver := fakeResolver{"many.example": {0, append(ips, publicIP(1))}}
		d := byName(t, network, 3, resolver.lookUp, "many.example:4100")
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) {
			t.Errorf("Joined: %v", err)
		}
	})
}

// A node joins by what the DNS has under a dnsaddr.
func TestJoinByDNSAddr(t *testing.T) {
	resolveBubble(t, func(t *testing.T, network *memnet.Network, one, two *Driver) {
		texts := []string{"dnsaddr=" + one.Addresses()[0].String(), "dnsaddr=/dns4/two.example/udp/4100/p2p/" + two.ID().String()}
		d := begin(t, Config{
			Listen:       []string{netip.AddrPortFrom(publicIP(3), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
			Engine:       engine.Config{Mode: engine.Server},
			Bootstrap:    parsed(t, "/dnsaddr/boot.example"),
			Resolver: Resolver{
				Host: fakeResolver{"two.example": {0, []netip.Addr{publicIP(2)}}}.lookUp,
				Text: func(context.Context, string) ([]string, error) { return texts, nil },
			},
		})
		if err := d.Joined(t.Context()); err != nil || !knows(d, one.ID()) || !knows(d, two.ID()) {
			t.Errorf("Joined: %v, knows %t and %t", err, knows(d, one.ID()), knows(d, two.ID()))
		}
	})
}
