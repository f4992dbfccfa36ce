package main

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
)

// A crew are attackers that work together. They are peers of the protocol, with identities
// and sockets of their own: they answer PINGs, acknowledge writes and keep nothing, and
// answer queries with the nearest of themselves, unless told to be silent, garbled or late.
type crew struct {
	t       *testing.T
	members []*attacker
	queries manners // how they answer FIND_NODE, FIND_VALUE and GET_PROVIDERS

	mu      sync.Mutex // protects what follows
	book    identity.Contacts
	codec   rpc.Codec
	waiting map[uint64]chan *rpc.Message // by request ID
	asked   map[identity.ID]int          // queries that came, by who asked
}

type manners struct {
	silent, garbled bool
	delay           time.Duration
}

type attacker struct {
	*transport.Transport
	address identity.Address
	contact identity.Contact
}

func newCrew(t *testing.T) *crew {
	return &crew{t: t, waiting: make(map[uint64]chan *rpc.Message), asked: make(map[identity.ID]int)}
}

// join adds an attacker with a key, at an address of the network.
func (c *crew) join(w *network, key identity.Key, at netip.AddrPort) {
	c.t.Helper()
	conn, err := w.listen(at)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &attacker{address: identity.Address{ID: key.ID(), Endpoint: at}}
	a.Transport, err = transport.New(transport.Config{
		Key: key, Network: kadmium.DefaultNetwork, Conns: []net.PacketConn{conn}, Serves: func() bool { return true },
		Handler: func(in *transport.Inbound) { c.receive(a, in) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	a.contact = c.book.Intern(a.address)
	c.members = append(c.members, a)
	c.mu.Unlock()
	a.Start()
	c.t.Cleanup(func() { a.Close() })
}

func (c *crew) receive(a *attacker, in *transport.Inbound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &rpc.Message{Type: in.Type, Response: in.Response, ID: in.ID}
	if err := c.codec.Decode(in.Body, m, &c.book); err != nil {
		c.t.Errorf("from %v: %v", in.From, err)
		return
	}
	if in.Response {
		if waits := c.waiting[in.ID]; waits != nil {
			waits <- m
			delete(c.waiting, in.ID)
		}
		return
	}
	answer := &rpc.Message{Type: m.Type, Response: true, ID: m.ID, Observed: in.Reply.Source()}
	var how manners
	if m.Type.IsQuery() {
		c.asked[in.From.ID]++
		how = c.queries
		for _, other := range c.members {
			answer.Contacts = append(answer.Contacts, other.contact)
		}
		slices.SortFunc(answer.Contacts, func(a, b identity.Contact) int {
			return identity.Compare(&m.Target, c.book.Position(a), c.book.Position(b))
		})
		answer.Contacts = answer.Contacts[:min(len(answer.Contacts), rpc.MaxContacts)]
	}
	body, err := c.codec.Append(nil, answer, &c.book)
	for ; err == nil && len(body) > in.Room && len(answer.Contacts) > 0; body, err = c.codec.Append(nil, answer, &c.book) {
		answer.Contacts = answer.Contacts[:len(answer.Contacts)/2]
	}
	switch {
	case err != nil:
		c.t.Error(err)
		return
	case how.silent:
		return
	case how.garbled:
		body = []byte{0xff}
	}
	if how.delay == 0 {
		_ = a.Reply(in.Reply, true, body)
		return
	}
	time.AfterFunc(how.delay, func() { _ = a.Reply(in.Reply, true, body) }) // closed by then, it sends nothing
}

// ask sends a request of an attacker, and returns the answer; nil: none came.
func (c *crew) ask(a *attacker, to identity.Address, m *rpc.Message) *rpc.Message {
	answer := make(chan *rpc.Message, 1)
	c.mu.Lock()
	m.ID = rand.Uint64()
	body, err := c.codec.Append(nil, m, &c.book)
	c.waiting[m.ID] = answer
	c.mu.Unlock()
	if err != nil {
		c.t.Error(err)
		return nil
	}
	for range 5 {
		if err := a.Request(transport.Request{To: to, ID: m.ID, Type: m.Type, Serves: true, Body: body}); err != nil {
			return nil
		}
		select {
		case m := <-answer:
			return m
		case <-time.After(2 * time.Second):
		}
	}
	a.Forget(m.ID)
	return nil
}

// askedBy is how many queries of a node have come.
func (c *crew) askedBy(n *runningNode) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[n.ready.Peer]
}

// greet has each attacker speak to each node, and prove its address to it: a PING opens the
// session, and another comes under it.
func (c *crew) greet(nodes []identity.Address) {
	var all sync.WaitGroup
	for _, a := range c.members {
		all.Go(func() {
			for _, n := range nodes {
				for range 2 {
					if c.ask(a, n, &rpc.Message{Type: rpc.Ping}) == nil {
						c.t.Errorf("%v answers no attacker", n)
					}
				}
			}
		})
	}
	all.Wait()
}

func randomKey() identity.Key {
	key, err := identity.GenerateKey(crand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// keyNear makes keys until the peer of one is nearer to a target than a limit.
func keyNear(target, limit *identity.Position) identity.Key {
	for {
		key := randomKey()
		if p := key.ID().Position(); identity.Compare(target, &p, limit) < 0 {
			return key
		}
	}
}

// internet is a network in which the public addresses from 8.0.0.0 to 15.255.255.255 are
// this machine's. Nothing leaves it.
func internet(t *testing.T) *network {
	t.Helper()
	needTools(t)
	w := newNetwork(t)
	w.run("ip link set lo up")
	w.run("ip route add local 8.0.0.0/5 dev lo")
	return w
}

// Whose addresses these are, by their first byte. Each is in a /16 of its own.
const (
	ofHonest   = 11
	ofUser     = 12
	ofAttacker = 13 // and of others 14
)

func publicAt(whose, i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(whose), byte(i), 1, 1}), 4100)
}

// honest starts so many nodes, each in a /16 of its own, which have joined.
func honest(t *testing.T, w *network, count int, cfg kadmium.Config) (nodes []*kadmium.Node) {
	t.Helper()
	nodes = make([]*kadmium.Node, count)
	cfg.Mode, cfg.ListenPacket = kadmium.Server, w.listen
	start := func(i int, cfg kadmium.Config) {
		cfg.Listen = []string{publicAt(ofHonest, i).String()}
		n, err := kadmium.New(cfg)
		if err != nil {
			t.Error(err)
			return
		}
		nodes[i] = n
		if err := n.Joined(t.Context()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		inParallel(parallelEnds, count, func(i int) {
			if nodes[i] != nil {
				nodes[i].Close()
			}
		})
	})
	if start(0, cfg); !t.Failed() {
		cfg.Bootstrap = []string{nodes[0].Addresses()[0].String()}
		inParallel(parallelJoins, count-1, func(i int) { start(i+1, cfg) })
	}
	if t.Failed() {
		t.FailNow()
	}
	return nodes
}

func addressesOf(nodes []*kadmium.Node) (all []identity.Address) {
	for _, n := range nodes {
		all = append(all, n.Addresses()[0])
	}
	return all
}

// holders is how many of the nodes hold a record of a key.
func holders(nodes []*kadmium.Node, key string) (count int) {
	for _, n := range nodes {
		if slices.ContainsFunc(n.Held(1<<20), func(h kadmium.Holding) bool { return h.Key == key }) {
			count++
		}
	}
	return count
}

// nearestTo is the position of the nearest to a key of the nodes.
func nearestTo(nodes []identity.Address, key string) (nearest identity.Position) {
	target := identity.KeyPosition([]byte(key))
	nearest = nodes[0].ID.Position()
	for _, n := range nodes[1:] {
		if p := n.ID.Position(); identity.Compare(&target, &p, &nearest) < 0 {
			nearest = p
		}
	}
	return nearest
}

// userIn starts the i-th user's node in the network, whose control socket is its number.
func (u *user) userIn(w *network, i int, seed identity.Address, args ...string) *runningNode {
	u.t.Helper()
	u.via = w.via
	defer func() { u.via = nil }()
	return u.nodeAt(publicAt(ofUser, i).String(), append(args, "--mode", "server", "--control", fmt.Sprint(i), "--bootstrap", seed.String())...)
}
