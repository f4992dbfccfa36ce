package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
)

// A dnsFixture answers as the DNS would.
type dnsFixture struct {
	hosts   map[string][]string // IPs
	texts   map[string][]string
	lookUps int
}

func (f *dnsFixture) resolver() Resolver {
	return Resolver{
		Host: func(_ context.Context, host string) (ips []netip.Addr, err error) {
			f.lookUps++
			for _, ip := range f.hosts[host] {
				ips = append(ips, netip.MustParseAddr(ip))
			}
			if ips == nil {
				err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			return ips, err
		},
		Text: func(_ context.Context, name string) ([]string, error) {
			f.lookUps++
			if texts, ok := f.texts[name]; ok {
				return texts, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		},
	}
}

// Names in multiaddrs: of both IP versions or of one, and those with whole multiaddrs in
// the DNS.
func TestResolve(t *testing.T) {
	one, two := identity.KeyFromSeed([32]byte{1}).ID().String(), identity.KeyFromSeed([32]byte{2}).ID().String()
	f := &dnsFixture{
		hosts: map[string][]string{
			"both.example": {"203.0.113.7", "::ffff:203.0.113.8", "2001:db8::1", "fe80::1%eth0"},
			"six.example":  {"2001:db8::2"},
		},
		texts: map[string][]string{
			"_dnsaddr.boot.example": {
				"dnsaddr=/ip4/203.0.113.9/udp/4100/p2p/" + one,
				"dnsaddr=/ip4/203.0.113.9/udp/4100/quic-v1/p2p/" + one, // of another transport
				"dnsaddr=/ip4/203.0.113.9/tcp/4100/p2p/" + one,
				"dnsaddr=/dns6/six.example/udp/4101/p2p/" + two,
				"dnsaddr=/dnsaddr/more.example",
				"dnsaddr=", "v=spf1 -all", "dnsaddr=nonsense",
			},
			"_dnsaddr.more.example": {"dnsaddr=/ip4/203.0.113.10/udp/4102", "dnsaddr=/ip4/203.0.113.9/udp/4100/p2p/" + one},
			"_dnsaddr.loop.example": {"dnsaddr=/dnsaddr/loop.example", "dnsaddr=/ip4/203.0.113.11/udp/1"},
			"_dnsaddr.none.example": {"v=spf1 -all"},
		},
	}
	for text, want := range map[string]string{
		"both.example:4100":                      "/ip4/203.0.113.7/udp/4100 /ip4/203.0.113.8/udp/4100 /ip6/2001:db8::1/udp/4100",
		"/dns/both.example/udp/4100":             "/ip4/203.0.113.7/udp/4100 /ip4/203.0.113.8/udp/4100 /ip6/2001:db8::1/udp/4100",
		"/dns4/both.example/udp/4100/p2p/" + one: "/ip4/203.0.113.7/udp/4100/p2p/" + one + " /ip4/203.0.113.8/udp/4100/p2p/" + one,
		"/dns6/both.example/udp/4100":            "/ip6/2001:db8::1/udp/4100",
		"/dns4/six.example/udp/4100":             "",
		"/dns4/absent.example/udp/4100":          "",
		"/dnsaddr/boot.example":                  "/ip4/203.0.113.9/udp/4100/p2p/" + one + " /ip6/2001:db8::2/udp/4101/p2p/" + two + " /ip4/203.0.113.10/udp/4102",
		"/dnsaddr/boot.example/p2p/" + two:       "/ip6/2001:db8::2/udp/4101/p2p/" + two + " /ip4/203.0.113.10/udp/4102/p2p/" + two,
		"/dnsaddr/loop.example":                  "/ip4/203.0.113.11/udp/1",
		"/dnsaddr/none.example":                  "",
		"/ip4/203.0.113.7/udp/4100/p2p/" + one:   "/ip4/203.0.113.7/udp/4100/p2p/" + one,
	} {
		s, err := ParseSeed(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if s.String() != text {
			t.Errorf("%s is shown as %s", text, s)
		}
		f.lookUps = 0
		found, err := f.resolver().Resolve(t.Context(), s)
		var got []string
		for _, a := range found {
			got = append(got, a.String())
		}
		if strings.Join(got, " ") != want || want == "" && err == nil || f.lookUps > maxLookUps {
			t.Errorf("%s: %q, %v after %d look-ups; want %q", text, got, err, f.lookUps, want)
		}
	}
}

// However many addresses the DNS has under a name, a bounded number is taken; and no name
// leads to endlessly many others.
func TestResolveIsBounded(t *testing.T) {
	f := &dnsFixture{hosts: map[string][]string{}, texts: map[string][]string{}}
	for i := range 1000 {
		f.hosts["many.example"] = append(f.hosts["many.example"], netip.AddrFrom4([4]byte{203, 0, byte(i / 250), byte(1 + i%250)}).String())
		f.texts["_dnsaddr.many.example"] = append(f.texts["_dnsaddr.many.example"], fmt.Sprintf("dnsaddr=/dnsaddr/%d.example", i))
	}
	found, err := f.resolver().Resolve(t.Context(), Seed{host: "many.example", port: 4100})
	if len(found) != MaxPerName || err != nil {
		t.Errorf("%d addresses, %v", len(found), err)
	}
	f.lookUps = 0
	if found, err = f.resolver().Resolve(t.Context(), Seed{host: "many.example", kind: dnsaddr}); len(found) != 0 || err == nil || f.lookUps > maxLookUps {
		t.Errorf("%d addresses, %v after %d look-ups", len(found), err, f.lookUps)
	}
	synctest.Test(t, func(t *testing.T) {
		silent := Resolver{Text: func(ctx context.Context, _ string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		begun := time.Now()
		_, err := silent.Resolve(t.Context(), Seed{host: "silent.example", kind: dnsaddr})
		if err == nil || !strings.Contains(err.Error(), "lookup silent.example: no answer within 15s") || time.Since(begun) != resolveTime {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestParseNameRefuses(t *testing.T) {
	for _, text := range []string{
		"/dns4", "/dns4/", "/dns4/x", "/dns4/x/udp", "/dns4/x/udp/", "/dns4/x/udp/0", "/dns4/x/udp/65536", "/dns4/x/tcp/1", "/dns4//udp/1",
		"/dns4/x/udp/1/p2p", "/dns4/x/udp/1/p2p/y", "/dns4/x/udp/1/quic-v1", "/dns5/x/udp/1", "/dnsaddr", "/dnsaddr/", "/dnsaddr/x/udp/1", "/dnsaddr/x/p2p",
		"/dns4/" + strings.Repeat("x", maxHost+1) + "/udp/1",
	} {
		if s, err := ParseSeed(text); !errors.Is(err, identity.ErrBadAddress) && !errors.Is(err, identity.ErrBadPeerID) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

// What is read as a seed is shown in a text that is read as the same.
func FuzzParseSeed(f *testing.F) {
	peer := identity.KeyFromSeed([32]byte{1}).ID().String()
	for _, text := range []string{
		"/ip4/203.0.113.7/udp/4100/p2p/" + peer, "seed.example:4100", "[2001:db8::1]:4100", "/dns/x/udp/1", "/dns4/x/udp/1/p2p/" + peer, "/dns6/x/udp/1",
		"/dnsaddr/x", "/dnsaddr/x/p2p/" + peer, "/dns4/x/udp/1/p2p/k51qzi5uqu5dk4kbd5bpmklj30q0q8n3091bncahugkx18e84p1od2rk25olsd",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSeed(text)
		if err != nil {
			return
		}
		if back, err := ParseSeed(s.String()); err != nil || back != s {
			t.Errorf("%q: %s comes back as %+v, %v", text, s, back, err)
		}
	})
}

// FuzzResolve takes anything for the texts that the DNS has.
func FuzzResolve(f *testing.F) {
	f.Add("dnsaddr=/ip4/203.0.113.7/udp/4100\ndnsaddr=/dnsaddr/x\ndnsaddr=/dns4/x/udp/1")
	f.Fuzz(func(t *testing.T, texts string) {
		x := &dnsFixture{hosts: map[string][]string{"x": {"203.0.113.7"}}, texts: map[string][]string{"_dnsaddr.x": strings.Split(texts, "\n")}}
		found, err := x.resolver().Resolve(t.Context(), Seed{host: "x", kind: dnsaddr})
		if len(found) == 0 && err == nil || len(found) > MaxPerName || x.lookUps > maxLookUps {
			t.Errorf("%d addresses, %v after %d look-ups", len(found), err, x.lookUps)
		}
		if slices.ContainsFunc(found, func(a identity.Address) bool { return !a.Endpoint.IsValid() || a.Endpoint.Port() == 0 }) {
			t.Errorf("%v", found)
		}
	})
}
