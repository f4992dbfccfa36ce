package driver

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// A movingHost has one interface, whose address changes, and a socket bound to all addresses.
type movingHost struct {
	network *memnet.Network
	mu      sync.Mutex
	conn    *memnet.Conn
	ip      netip.Addr
}

func (m *movingHost) move(t *testing.T, ip netip.Addr) {
	t.Helper()
	conn, err := m.network.Listen(netip.AddrPortFrom(ip, 4100))
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	old := m.conn
	m.conn, m.ip = conn, ip
	m.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

func (m *movingHost) current() *memnet.Conn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conn
}

func (m *movingHost) addrs() ([]net.Addr, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return []net.Addr{&net.IPNet{IP: m.ip.AsSlice(), Mask: net.CIDRMask(24, 32)}}, nil
}

func (m *movingHost) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		conn := m.current()
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) && conn != m.current() {
			continue
		}
		return n, from, err
	}
}

func (m *movingHost) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := m.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (m *movingHost) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return m.current().WriteToUDPAddrPort(b, to)
}

func (m *movingHost) WriteTo(b []byte, to net.Addr) (int, error) { return m.current().WriteTo(b, to) }
func (m *movingHost) LocalAddr() net.Addr                        { return &net.UDPAddr{IP: net.IPv4zero, Port: 4100} }
func (m *movingHost) Close() error                               { return m.current().Close() }
func (m *movingHost) SetDeadline(t time.Time) error              { return m.current().SetDeadline(t) }
func (m *movingHost) SetReadDeadline(t time.Time) error          { return m.current().SetReadDeadline(t) }
func (m *movingHost) SetWriteDeadline(t time.Time) error         { return m.current().SetWriteDeadline(t) }

// A node with nothing to do, whose machine gets another address, is found there within half a
// minute.
func TestIdleNodeMovesToAnotherIP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		servers := []*Driver{on(t, network, 1, engine.Server)}
		for i := 2; i <= 6; i++ {
			servers = append(servers, on(t, network, i, engine.Server, servers[0]))
		}
		m := &movingHost{network: network}
		m.move(t, publicIP(20))
		n := start(t, Config{Conns: []net.PacketConn{m}, InterfaceAddrs: m.addrs, Engine: engine.Config{Mode: engine.Server}}, servers[0])
		position := n.ID().Position()
		known := func(at netip.AddrPort) (by int) {
			for _, s := range servers {
				s.View(func(e *engine.Engine) {
					if c, held := e.Table().Find(&position); held && s.Book().Address(c) == (identity.Address{ID: n.ID(), Endpoint: at}) {
						by++
					}
				})
			}
			return by
		}
		for i := range 3 {
			time.Sleep(20 * time.Minute)
			m.move(t, publicIP(30+i))
			time.Sleep(30 * time.Second)
			at := netip.AddrPortFrom(publicIP(30+i), 4100)
			if by := known(at); by != len(servers) {
				t.Errorf("move %d: %d of %d know where it is", i, by, len(servers))
			}
			n.View(func(e *engine.Engine) {
				if e.Observed() != at {
					t.Errorf("move %d: it takes itself to be at %v", i, e.Observed())
				}
			})
		}
	})
}
