package api

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"kadmium"
	"kadmium/driver"
)

// What a name resolved to is asked at all its addresses, and a message is sent to one.
func TestDestinationOfSeveralAddresses(t *testing.T) {
	echo := map[string]kadmium.Handler{"": func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil }}
	start := func(listen ...string) *kadmium.Node {
		n, err := kadmium.New(kadmium.Config{Listen: listen, Handlers: echo})
		if err != nil {
			t.Skipf("listening on %v: %v", listen, err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	send := func(from *kadmium.Node, d Destination) (kadmium.Reply, error) {
		to, err := d.pick(t.Context(), from)
		if err != nil {
			return kadmium.Reply{}, err
		}
		return from.Send(t.Context(), to, "/p", []byte("hello"))
	}
	named := func(ips []netip.Addr, to *kadmium.Node) Destination {
		d, err := ParseDestination(fmt.Sprintf("kad.example:%d", to.Addresses()[0].Endpoint.Port()))
		if err == nil {
			d, err = d.resolved(t.Context(), start("127.0.0.1:0"), driver.Resolver{Host: func(context.Context, string) ([]netip.Addr, error) { return ips, nil }})
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	both := []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("127.0.0.1")}
	for _, c := range []struct{ from, to string }{{"127.0.0.1:0", "127.0.0.1:0"}, {"[::1]:0", "[::1]:0"}} {
		from, to := start(c.from), start(c.to)
		d := named(both, to)
		if pong, err := d.ping(t.Context(), from, (*kadmium.Node).Ping); err != nil || pong.Address != to.Addresses()[0] {
			t.Errorf("ping from %s to %s: %+v, %v", c.from, d, pong, err)
		}
		if r, err := send(from, d); err != nil || string(r.Payload) != "hello" {
			t.Errorf("send from %s to %s: %+v, %v", c.from, d, r, err)
		}
	}
	from, to := start("127.0.0.1:0", "[::1]:0"), start("[::1]:0") // nobody is at 127.0.0.1
	d := named([]netip.Addr{both[1], both[0]}, to)
	if r, err := send(from, d); err != nil || string(r.Payload) != "hello" {
		t.Errorf("send to %s: %+v, %v", d, r, err)
	}
}
