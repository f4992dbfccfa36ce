package session

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
)

func (l *MessageLimiter) allowed(now time.Time, n int, from identity.Address) (allowed int) {
	for range n {
		if l.Allow(now, from) {
			allowed++
		}
	}
	return allowed
}

// A subnet has 1,000 at once and 500 a second; at local addresses a peer has, at loopback
// addresses there is no limit (design R8.49).
func TestMessagesOfANetGroup(t *testing.T) {
	for _, c := range []struct {
		name        string
		from, other string
		peer        byte // of the other
		want        int  // of each 2,000 of the other, at first
	}{
		{"a subnet", "20.0.0.1", "20.0.0.2", 2, 0},
		{"another subnet", "20.0.0.1", "20.0.1.1", 1, 1000},
		{"two peers at a local address", "10.0.0.1", "10.0.0.1", 2, 1000},
		{"loopback", "20.0.0.1", "127.0.0.1", 1, 2000},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l MessageLimiter
			a := identity.Address{ID: identity.ID{1}, Endpoint: netip.AddrPortFrom(netip.MustParseAddr(c.from), 1)}
			b := identity.Address{ID: identity.ID{c.peer}, Endpoint: netip.AddrPortFrom(netip.MustParseAddr(c.other), 1)}
			if n := l.allowed(noon, 2000, a); n != 1000 {
				t.Errorf("%d allowed at once", n)
			}
			if n := l.allowed(noon, 2000, b); n != c.want {
				t.Errorf("%d of the other allowed, want %d", n, c.want)
			}
			now, total := noon, 0
			for range 1000 {
				now = now.Add(10 * time.Millisecond)
				total += l.allowed(now, 100, a)
			}
			if total < 4900 || total > 5000 {
				t.Errorf("%d allowed in 10 s", total)
			}
		})
	}
}

// However many subnets flood, all together have 8,000 at once and 4,000 a second; who sends
// little finds room beside them.
func TestMessagesOfAll(t *testing.T) {
	for _, subnets := range []int{12, 1000} {
		var l MessageLimiter
		subnet := func(i int) identity.Address {
			return identity.Address{Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}), 1)}
		}
		total := 0
		for i := range 4000 { // of 10 ms
			now := noon.Add(time.Duration(i) * 10 * time.Millisecond)
			for s := range subnets {
				if s%100 == i%100 || subnets < 100 {
					if n := l.allowed(now, 50, subnet(s)); i >= 2000 {
						total += n
					}
				}
			}
			if i%100 == 0 && !l.Allow(now, subnet(5000)) {
				t.Fatalf("%d subnets: one message a second of another is refused", subnets)
			}
		}
		if total > 20*4000 {
			t.Errorf("%d subnets: %d allowed in 20 s", subnets, total)
		}
		t.Logf("%d subnets: %d a second", subnets, total/20)
	}
	var l MessageLimiter
	for i := range limitedGroups + 10 {
		l.Allow(noon, identity.Address{ID: identity.ID{byte(i), byte(i >> 8)}, Endpoint: netip.MustParseAddrPort("10.0.0.1:1")})
	}
	if n := l.groups.Len(); n != limitedGroups {
		t.Errorf("%d netgroups remembered", n)
	}
}

// The owner of a wide subnet, who sends each message from another subnet of it, has at most
// half of what is taken, although the first are forgotten.
func TestMessagesOfAWideSubnet(t *testing.T) {
	for _, wide := range []int{1, 10} {
		var l MessageLimiter
		other := identity.Address{Endpoint: netip.MustParseAddrPort("20.0.0.1:1")}
		sent, total := 0, 0
		for i := range 2000 { // of 10 ms
			now := noon.Add(time.Duration(i) * 10 * time.Millisecond)
			for range 100 {
				sent++
				at := netip.AddrFrom16([16]byte{0x2a, 0, 0, byte(sent % wide), byte(sent / wide >> 8), byte(sent / wide), 15: 1})
				if l.Allow(now, identity.Address{Endpoint: netip.AddrPortFrom(at, 1)}) && i >= 1000 {
					total++
				}
			}
			if i%100 == 0 && !l.Allow(now, other) {
				t.Fatalf("%d wide subnets: one message a second of another is refused after %v", wide, now.Sub(noon))
			}
		}
		t.Logf("%d wide subnets: %d a second", wide, total/10)
		if most := min(wide*WideMessageBurst, AllMessageBurst) / 2; total > 10*most {
			t.Errorf("%d wide subnets: %d a second, want at most %d", wide, total/10, most)
		}
	}
}
