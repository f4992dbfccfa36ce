package kadmium

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A refusingConn is a socket on which the system refuses some of the sends, as a firewall
// of the host (EPERM) and a full queue of its network card (ENOBUFS) do.
type refusingConn struct {
	*memnet.Conn
	mu    sync.Mutex
	rnd   *rand.Rand
	share float64 // of the sends
}

func (c *refusingConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	c.mu.Lock()
	refused, why := c.rnd.Float64() < c.share, syscall.EPERM
	if c.rnd.IntN(2) == 0 {
		why = syscall.ENOBUFS
	}
	c.mu.Unlock()
	if refused {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", why)}
	}
	return c.Conn.WriteToUDPAddrPort(b, to)
}

// refuse sets the share of the sends that are refused.
func (c *refusingConn) refuse(share float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.share = share
}

// refusing makes nodes on an in-memory network, which know each other, and their sockets.
func refusing(t *testing.T, network *memnet.Network, count int) (nodes []*Node, conns []*refusingConn) {
	t.Helper()
	for i := range count {
		conn, err := network.Listen(netip.AddrPortFrom(publicIP(i+1), 4100))
		if err != nil {
			t.Fatal(err)
		}
		c := &refusingConn{Conn: conn, rnd: rand.New(rand.NewPCG(rand.Uint64(), uint64(i)))}
		conns = append(conns, c)
		nodes = append(nodes, start(t, Config{Mode: Server, Conns: []net.PacketConn{c}}, nodes[:min(i, 1)]...))
	}
	return nodes, conns
}

// One send in four refused is like one datagram in four lost: the try is made again, and
// a put reaches as many holders.
func TestRefusedSendsAreLostTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(5, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes, conns := refusing(t, network, 30)
		n := nodes[1]
		conns[1].refuse(0.25)
		const puts = 9
		holders := 0
		for i := range puts {
			r, err := n.Put(t.Context(), fmt.Sprintf("/v/%d", i), []byte("x"), PutOptions{})
			if err != nil {
				t.Errorf("put %d: %v", i, err)
			}
			holders += r.Holders
		}
		t.Logf("%d of %d holders", holders, puts*DefaultK)
		if holders < 165 { // one in 64 requests is not sent at all; without repeats it would be one in four
			t.Errorf("only %d of %d holders", holders, puts*DefaultK)
		}
		s := n.Stats()
		if s.Wire.Dropped["sending failed"] == 0 || s.Counters["requests.unreachable"] != 0 {
			t.Errorf("%d sends failed, %d requests were unreachable", s.Wire.Dropped["sending failed"], s.Counters["requests.unreachable"])
		}
	})
}

// While the system refuses all sends, others are still heard. Their silence is this
// host's doing and not theirs: the table stays as it is.
func TestRefusedSendsBlameNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(6, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes, conns := refusing(t, network, 10)
		n := nodes[1]
		before := n.Table().Size
		conns[1].refuse(1)
		for i := range 20 { // a minute
			n.Ping(t.Context(), nodes[2+i%8].Addresses()[0])
			nodes[2+i%8].Ping(t.Context(), n.Addresses()[0])
		}
		conns[1].refuse(0)
		if n.Stats().Counters["requests.send_refused"] == 0 {
			t.Error("no request is counted as refused on sending")
		}
		for _, b := range n.Table().Buckets {
			for _, c := range b.Contacts {
				if c.Failures > 0 {
					t.Errorf("%s failed %d times", c.Peer, c.Failures)
				}
			}
		}
		if after := n.Table().Size; after != before {
			t.Errorf("%d peers, %d before", after, before)
		}
		if r, err := n.Put(t.Context(), "/v/k", []byte("x"), PutOptions{}); err != nil || r.Holders != len(nodes) {
			t.Errorf("right after: %d holders, %v", r.Holders, err)
		}
	})
}
