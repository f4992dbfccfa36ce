package kadmium

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"
)

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
