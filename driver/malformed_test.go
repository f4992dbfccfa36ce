package driver

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
	"kadmium/transport/memnet"
)

// A garbler is a peer that answers PINGs, and queries with a body that nobody can decode.
type garbler struct {
	*transport.Transport
	address identity.Address
	answers chan struct{} // to its own requests

	mu      sync.Mutex
	queries int
}

func newGarbler(t *testing.T, network *memnet.Network, i int) *garbler {
	t.Helper()
	at := netip.AddrPortFrom(publicIP(i), 4100)
	conn, err := network.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	key := identity.KeyFromSeed([32]byte{byte(i)})
	g := &garbler{address: identity.Address{ID: key.ID(), Endpoint: at}, answers: make(chan struct{}, 1)}
	g.Transport, err = transport.New(transport.Config{
		Key: key, Network: testNetwork, Conns: []net.PacketConn{conn}, Handler: g.receive,
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Start()
	t.Cleanup(func() { g.Close() })
	return g
}

func (g *garbler) receive(in *transport.Inbound) {
	if in.Response {
		g.answers <- struct{}{}
		return
	}
	var body []byte // an empty one is a PING's answer
	if in.Type.IsQuery() {
		body = []byte{0xff}
		g.mu.Lock()
		g.queries++
		g.mu.Unlock()
	}
	_ = g.Reply(in.Reply, true, body)
}

// greet makes the garbler a contact: a PING opens the session, another comes under it.
func (g *garbler) greet(to *Driver) {
	for id := range uint64(2) {
		_ = g.Request(transport.Request{To: to.Addresses()[0], ID: id + 1, Type: rpc.Ping, Serves: true})
		<-g.answers
	}
}

// An authenticated answer with a malformed body ends its request at once, under a session
// and as a first response; after the second one lookups ask the peer no more, although it
// answers PINGs (design R4.38, R4.39).
func TestMalformedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		d := on(t, network, 1, engine.Server)
		on(t, network, 3, engine.Server, d)
		g := newGarbler(t, network, 2)
		g.greet(d)
		for i := range 6 {
			if i == 1 { // the next request is a first contact
				d.transport.Rekey()
			}
			began := time.Now()
			_ = findPeer(t.Context(), d, identity.ID{byte(i + 1)})
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("lookup %d took %v", i, took)
			}
			if err := ping(t.Context(), d, g.address); err != nil {
				t.Errorf("ping: %v", err)
			}
			time.Sleep(5 * time.Second)
		}
		s, c := d.Stats(), d.Stats().Engine.Counters
		if c.MalformedAnswers != 2 || c.QueriesFailed != 2 || g.queries != 2 || c.Timeouts != 0 {
			t.Errorf("of %d queries %d malformed answers, %d failures, %d time-outs", g.queries, c.MalformedAnswers, c.QueriesFailed, c.Timeouts)
		}
		if s.Wire.Dropped["body: "+rpc.ErrBadMessage.Error()+": not protobuf"] != 2 {
			t.Errorf("dropped: %v", s.Wire.Dropped)
		}
	})
}
