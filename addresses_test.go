package kadmium

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"

	"kadmium/identity"
)

func TestParseSeed(t *testing.T) {
	peer := identity.KeyFromSeed([32]byte{1}).ID()
	for text, want := range map[string]seed{
		"/ip4/203.0.113.7/udp/4100/p2p/" + peer.String(): {address: identity.Address{ID: peer, Endpoint: netip.MustParseAddrPort("203.0.113.7:4100")}},
		"/ip6/2001:db8::1/udp/4100":                      {address: identity.Address{Endpoint: netip.MustParseAddrPort("[2001:db8::1]:4100")}},
		"203.0.113.7:4100":                               {address: identity.Address{Endpoint: netip.MustParseAddrPort("203.0.113.7:4100")}},
		"seed.example:4100":                              {host: "seed.example", port: 4100},
	} {
		if got, err := parseSeed(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "seed", "seed:", ":4100", "seed:0", "seed:x", "seed:65536", "1.2.3.4:0", "/dns/x/udp/1", "1.2.3:x"} {
		if got, err := parseSeed(text); !errors.Is(err, ErrBadAddress) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestWildcardIsGivenAsInterfaces(t *testing.T) {
	n := start(t, Config{Listen: []string{"/ip4/0.0.0.0/udp/0"}})
	addresses := n.Addresses()
	if len(addresses) == 0 {
		t.Fatal("none")
	}
	for _, a := range addresses {
		if a.ID != n.ID() || a.Endpoint.Addr().IsUnspecified() || !a.Endpoint.Addr().Is4() || a.Endpoint.Port() == 0 {
			t.Errorf("address %v", a)
		}
	}
	for _, a := range addresses { // each is one to be reached at
		if _, err := start(t, Config{Listen: []string{"0.0.0.0:0"}}).Ping(t.Context(), a); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
}

func TestBothFamilies(t *testing.T) {
	n, err := New(Config{Listen: []string{"127.0.0.1:0", "[::1]:0"}})
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer n.Close()
	other := start(t, Config{Listen: []string{"[::1]:0", "127.0.0.1:0"}})
	for _, a := range n.Addresses() {
		if pong, err := other.Ping(t.Context(), a); err != nil || pong.Address != a {
			t.Errorf("%v: %+v, %v", a, pong, err)
		}
	}
}

// One port on 0.0.0.0 and on [::] is two sockets.
func TestBothWildcards(t *testing.T) {
	four, err := New(Config{Listen: []string{"0.0.0.0:0"}})
	if err != nil {
		t.Fatal(err)
	}
	port := four.Addresses()[0].Endpoint.Port()
	four.Close()
	both := []string{
		netip.AddrPortFrom(netip.IPv4Unspecified(), port).String(),
		netip.AddrPortFrom(netip.IPv6Unspecified(), port).String(),
	}
	n, err := New(Config{Listen: both})
	if err != nil {
		t.Skip("no IPv6 here, or the port was taken: ", err)
	}
	n.Close()
}

func TestHostNamesAreResolved(t *testing.T) {
	one := start(t, Config{})
	port := strconv.Itoa(int(one.Addresses()[0].Endpoint.Port()))
	two, err := New(Config{Listen: []string{"127.0.0.1:0"}, Bootstrap: []string{"localhost:" + port}})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if err := two.Joined(t.Context()); err != nil || !knows(two, one.ID()) {
		t.Errorf("Joined: %v, peers %v", err, two.Peers())
	}
}

func TestUnresolvableHost(t *testing.T) {
	n, err := New(Config{Listen: []string{"127.0.0.1:0"}, Bootstrap: []string{"nobody.invalid:4100"}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Joined(t.Context()); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("Joined: %v", err)
	}
}
