package behaviour

import (
	"net/netip"
	"testing"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

func TestLocatingSaysWhereAProviderWasFound(t *testing.T) {
	provider := identity.Address{ID: world.Host(1, 1).ID(), Endpoint: documentationAddress}
	unplaced := identity.Address{ID: provider.ID}
	moved := identity.Address{ID: provider.ID, Endpoint: netip.AddrPortFrom(documentationAddress.Addr(), documentationAddress.Port()+1)}
	other := identity.Address{ID: world.Host(1, 2).ID(), Endpoint: documentationAddress}
	for _, c := range []struct {
		found []identity.Address
		want  string
	}{
		{nil, "not found"},
		{[]identity.Address{other}, "not found"},
		{[]identity.Address{unplaced}, "found, without an address"},
		{[]identity.Address{other, provider}, "found, with its address"},
		{[]identity.Address{moved}, "found, with another address"},
		{[]identity.Address{moved, provider}, "found, with its address and another"},
	} {
		if got := whereFound(c.found, provider); got != c.want {
			t.Errorf("%v: %q, want %q", c.found, got, c.want)
		}
	}
}

func TestNameNearestStandsNearest(t *testing.T) {
	host := world.Host(1, 0).ID()
	var others []identity.ID
	for i := range 20 {
		others = append(others, world.Host(1, i+1).ID())
	}
	name := nameNearest(host, others)
	if got := world.Nearest(append(others, host), []byte(side.Key(name)), 1, identity.ID{})[0]; got != host {
		t.Errorf("%q is nearest to %v, want %v", name, got.Short(), host.Short())
	}
}
