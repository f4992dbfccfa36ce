package session

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func newGate(t *testing.T) *Gate {
	t.Helper()
	g, err := NewGate(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A cookie is good for its address only, for two to four minutes.
func TestCookie(t *testing.T) {
	c, err := NewCookies(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	cookie := c.Make(noon, addrA)
	for _, test := range []struct {
		name  string
		after time.Duration
		from  netip.AddrPort
		want  bool
	}{
		{"at once", 0, addrA, true},
		{"later", 2*CookieEpoch - 1, addrA, true},
		{"too late", 2 * CookieEpoch, addrA, false},
		{"before it was made", -1, addrA, false},
		{"another address", 0, addrB, false},
		{"another port", 0, netip.AddrPortFrom(addrA.Addr(), 1), false},
		{"the address mapped into IPv6", 0, netip.AddrPortFrom(netip.AddrFrom16(addrA.Addr().As16()), addrA.Port()), true},
	} {
		if got := c.Check(noon.Add(test.after), test.from, cookie); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	other, _ := NewCookies(bytes.NewReader(bytes.Repeat([]byte{8}, 32)))
	if other.Check(noon, addrA, cookie) {
		t.Error("another node takes the cookie")
	}
}

// Someone who forges a host's address uses up what is let in unproven, and not
// what the host gets by bringing its cookie.
func TestForgedAddressBansNobody(t *testing.T) {
	g := newGate(t)
	for range FirstContactBurst {
		if v := g.Admit(noon, addrA, Cookie{}, false); v != Verify {
			t.Fatalf("verdict %d within the limit", v)
		}
	}
	if v := g.Admit(noon, addrA, Cookie{}, false); v != DrawCookie {
		t.Fatalf("verdict %d over the limit", v)
	}
	if v := g.Admit(noon, addrA, g.Cookie(noon, addrA), false); v != Verify {
		t.Fatalf("verdict %d with its cookie", v)
	}
	for range FirstContactBurst {
		g.Admit(noon, addrA, g.Cookie(noon, addrA), false)
	}
	if v := g.Admit(noon, addrA, g.Cookie(noon, addrA), false); v != Drop {
		t.Fatalf("verdict %d for a proven host over its limit", v)
	}
	if v := g.Admit(noon, addrB, Cookie{}, false); v != Verify {
		t.Fatalf("verdict %d for another host", v)
	}
}

func TestLoadDrawsCookies(t *testing.T) {
	g := newGate(t)
	loopback := netip.MustParseAddrPort("127.0.0.1:5")
	for _, test := range []struct {
		name   string
		cookie Cookie
		loaded bool
		want   Verdict
	}{
		{"no cookie", Cookie{}, false, Verify},
		{"no cookie under load", Cookie{}, true, DrawCookie},
		{"good cookie", g.Cookie(noon, loopback), false, Verify},
		{"good cookie under load", g.Cookie(noon, loopback), true, Verify},
		{"bad cookie", Cookie{1}, false, BadCookie},
		{"bad cookie under load", Cookie{1}, true, DrawCookie},
	} {
		if got := g.Admit(noon, loopback, test.cookie, test.loaded); got != test.want {
			t.Errorf("%s: verdict %d, want %d", test.name, got, test.want)
		}
	}
}

// In any stretch of time a host gets at most the burst and what the rate adds.
func TestHostLimiter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now, allowed := NewHostLimiter(5, 20), noon, 0
		ip := netip.MustParseAddr("2001:db8::1")
		for range rapid.IntRange(1, 200).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "pause")))
			if l.Allow(now, ip) {
				allowed++
			}
			if bound := 20 + 5*now.Sub(noon).Seconds() + 0.01; float64(allowed) > bound {
				t.Fatalf("%d allowed, at most %.2f", allowed, bound)
			}
		}
	})
}

func TestHostLimiterCountsHosts(t *testing.T) {
	l := NewHostLimiter(0, 1)
	for _, test := range []struct {
		ip   string
		want bool
	}{
		{"192.0.2.1", true}, {"192.0.2.1", false}, {"::ffff:192.0.2.1", false}, {"192.0.2.2", true},
		{"2001:db8::1", true}, {"2001:db8::2", false}, {"2001:db8:0:1::1", true},
		{"127.0.0.1", true}, {"127.0.0.1", true}, {"::1", true}, {"::1", true},
	} {
		if got := l.Allow(noon, netip.MustParseAddr(test.ip)); got != test.want {
			t.Errorf("%s: %v", test.ip, got)
		}
	}
	for i := range 3 * limitedHosts {
		l.Allow(noon, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if l.hosts.Len() > limitedHosts {
		t.Errorf("%d hosts remembered", l.hosts.Len())
	}
}

// Rule 7: at most 10 first contacts in any minute to an IP that never answered.
func TestUnanswered(t *testing.T) {
	var u Unanswered
	victim := addrA.Addr()
	var sent []time.Time
	for now := noon; now.Before(noon.Add(5 * time.Minute)); now = now.Add(700 * time.Millisecond) {
		if u.Allow(now, victim) {
			sent = append(sent, now)
		}
	}
	if len(sent) != 5*UnansweredContacts {
		t.Errorf("%d sent in five minutes", len(sent))
	}
	for i := UnansweredContacts; i < len(sent); i++ {
		if gap := sent[i].Sub(sent[i-UnansweredContacts]); gap < UnansweredPeriod {
			t.Errorf("%d in %v", UnansweredContacts+1, gap)
		}
	}
	u.Answered(victim)
	for range 100 {
		if !u.Allow(noon, victim) || !u.Allow(noon, netip.MustParseAddr("127.0.0.9")) {
			t.Fatal("one that answered, or loopback, is limited")
		}
	}
}

// Rule 6: no reply to an unproven address exceeds 3 times what asked for it.
func TestRoomKeepsAmplificationBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(SessionOverhead, MaxDatagram).Draw(t, "request")
		if reply := SessionOverhead + SessionRoom(size, false); reply > Amplification*size || reply > MaxDatagram {
			t.Fatalf("session reply of %d to %d", reply, size)
		}
		if reply := SessionOverhead + SessionRoom(size, true); reply != MaxDatagram {
			t.Fatalf("proven session reply of %d", reply)
		}
		size = max(size, MinFirstRequest)
		if reply := FirstResponseOverhead + FirstResponseRoom(size); reply > Amplification*size || reply != MaxDatagram {
			t.Fatalf("first response of %d to %d", reply, size)
		}
	})
	if NoSessionDatagram > SessionOverhead || CookieDatagram > MinFirstRequest {
		t.Error("a NOSESSION or COOKIE is longer than what causes it")
	}
}
