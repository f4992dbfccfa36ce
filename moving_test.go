package kadmium

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// A movingConn is a socket that is bound to all addresses of a machine, whose one address
// changes.
type movingConn struct {
	network *memnet.Network
	mu      sync.Mutex
	now     *memnet.Conn
}

func (c *movingConn) conn() *memnet.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *movingConn) move(t *testing.T, to netip.AddrPort) {
	t.Helper()
	conn, err := c.network.Listen(to)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	old := c.now
	c.now = conn
	c.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

func (c *movingConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		conn := c.conn()
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) && conn != c.conn() {
			continue
		}
		return n, from, err
	}
}

func (c *movingConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (c *movingConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.conn().WriteToUDPAddrPort(b, to)
}

func (c *movingConn) WriteTo(b []byte, to net.Addr) (int, error) { return c.conn().WriteTo(b, to) }
func (c *movingConn) LocalAddr() net.Addr                        { return c.conn().LocalAddr() }
func (c *movingConn) Close() error                               { return c.conn().Close() }
func (c *movingConn) SetDeadline(t time.Time) error              { return c.conn().SetDeadline(t) }
func (c *movingConn) SetReadDeadline(t time.Time) error          { return c.conn().SetReadDeadline(t) }
func (c *movingConn) SetWriteDeadline(t time.Time) error         { return c.conn().SetWriteDeadline(t) }

// A provider moves to another IP: within half a minute after its next word to anybody
// others are told the new address, of what it provided before too.
func TestProviderMovesToAnotherIP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(7, memnet.Conditions{Latency: 10 * time.Millisecond})
		servers := []*Node{on(t, network, 1, Config{Mode: Server})}
		for i := 2; i <= 6; i++ {
			servers = append(servers, on(t, network, i, Config{Mode: Server}, servers[0]))
		}
		conn := &movingConn{network: network}
		conn.move(t, netip.AddrPortFrom(publicIP(20), 4100))
		p := start(t, Config{Mode: Server, Conns: []net.PacketConn{conn}}, servers[0])
		named := func(key string) (at identity.Address) {
			for p, err := range servers[3].Providers(t.Context(), key, ProvidersOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				at = p.Address
			}
			return at
		}
		if _, err := p.Provide(t.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		events := p.Events(t.Context())
		for i, quiet := range []bool{false, true} {
			to := identity.Address{ID: p.ID(), Endpoint: netip.AddrPortFrom(publicIP(30+i), 4100)}
			conn.move(t, to.Endpoint)
			limit := 30 * time.Second
			if quiet { // it notices by itself
				limit += 6 * time.Minute
			} else if _, err := p.Closest(t.Context(), servers[4].ID().Position()); err != nil {
				t.Fatal(err)
			}
			took := within(t, limit, "the new address being named", func() bool { return named("before") == to })
			t.Logf("quiet: %v; named after %v", quiet, took)
			if _, err := p.Provide(t.Context(), "after"); err != nil || named("after") != to {
				t.Errorf("provided at the new address: %v, %v", named("after"), err)
			}
			if at := p.Stats().Observed; at != to.Endpoint {
				t.Errorf("it takes itself to be at %v", at)
			}
			time.Sleep(11 * time.Minute) // the next change waits for ten
		}
		told := 0
		for len(events) > 0 {
			if e := <-events; e.Kind == "address changed" && e.Peer.ID == p.ID() {
				told++
			}
		}
		if told == 0 {
			t.Error("no event of it")
		}
	})
}
