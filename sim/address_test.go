package sim

import (
	"net/netip"
	"testing"

	"kadmium/identity"
)

// notPublic are the ranges of IPv4 that no node of the Internet has an address in, as
// RFC 6890 lists them, those for documentation and tests apart.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
}

// Each node has a public address in a /24 of its own: they rise with its number. All
// are looked at of whom a neighbour may be in a reserved block, and a sample of the rest.
func TestAddresses(t *testing.T) {
	t.Parallel()
	step := uint32(1)
	if testing.Short() || racing {
		step = 97
	}
	var last uint32
	for n := uint32(1); n <= maxNodes+1000; n += step { // guests stand behind the nodes
		ip := addressOf(n)
		b := ip.As4()
		subnet := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		if subnet <= last {
			t.Fatalf("node %d: %v is not beyond the one before", n, ip)
		}
		for _, p := range notPublic {
			if p.Contains(ip) {
				t.Fatalf("node %d: %v is in %v", n, ip, p)
			}
		}
		if identity.IsLocal(ip) || !ip.IsGlobalUnicast() {
			t.Fatalf("node %d: %v is not public", n, ip)
		}
		last = subnet
	}
}

// The blocks beside a reserved one are used, both.
func TestAddressesBesideReserved(t *testing.T) {
	want := map[string]bool{
		"1.0.0.1": false, "9.255.255.1": false, "11.0.0.1": false, "100.63.255.1": false, "100.128.0.1": false, "126.255.255.1": false, "128.0.0.1": false,
		"169.253.255.1": false, "169.255.0.1": false, "172.15.255.1": false, "172.32.0.1": false, "192.167.255.1": false, "192.169.0.1": false,
	}
	// The number of a /24 less what is reserved before it: found by halving.
	for text := range want {
		ip := netip.MustParseAddr(text)
		lo, hi := uint32(1), uint32(maxNodes)
		for lo < hi {
			if middle := (lo + hi) / 2; addressOf(middle).Less(ip) {
				lo = middle + 1
			} else {
				hi = middle
			}
		}
		if addressOf(lo) != ip {
			t.Errorf("nobody is at %s; node %d is at %v", text, lo, addressOf(lo))
		}
	}
}

// An address leads back to its node, also of one that has a key to sign with.
func TestIntern(t *testing.T) {
	b := newBook(1, 1000, 10)
	for c := identity.Contact(1); c <= 1010; c += 7 {
		if c%2 == 0 {
			b.giveKey(1, c)
		}
		if got := b.Intern(b.Address(c)); got != c {
			t.Errorf("the address of node %d is that of node %d", c, got)
		}
	}
}
