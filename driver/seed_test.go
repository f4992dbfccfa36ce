package driver

import (
	"errors"
	"net/netip"
	"testing"

	"kadmium/identity"
)

func TestParseSeed(t *testing.T) {
	peer := identity.KeyFromSeed([32]byte{1}).ID()
	for text, want := range map[string]Seed{
		"/ip4/203.0.113.7/udp/4100/p2p/" + peer.String(): {address: identity.Address{ID: peer, Endpoint: netip.MustParseAddrPort("203.0.113.7:4100")}},
		"/ip6/2001:db8::1/udp/4100":                      {address: identity.Address{Endpoint: netip.MustParseAddrPort("[2001:db8::1]:4100")}},
		"203.0.113.7:4100":                               {address: identity.Address{Endpoint: netip.MustParseAddrPort("203.0.113.7:4100")}},
		"seed.example:4100":                              {host: "seed.example", port: 4100},
	} {
		if got, err := ParseSeed(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "seed", "seed:", ":4100", "seed:0", "seed:x", "seed:65536", "1.2.3.4:0", "/dns/x/tcp/1", "1.2.3:x"} {
		if got, err := ParseSeed(text); !errors.Is(err, identity.ErrBadAddress) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
