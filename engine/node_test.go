package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A node is one engine of a network.
type node struct {
	n        *network
	name     string
	key      identity.Key
	address  identity.Address
	e        *Engine
	cfg      Config
	up       bool
	wake     time.Time // when the engine needs its next Tick
	lastOp   OpID
	results  map[OpID]*Result
	progress map[OpID][]*Result
	events   []Event
	journal  map[string]store.Change
	tokens   map[uint64]ticket
	token    uint64
	proven   map[identity.Address]bool // peers that have a session with this node
	failDisk error
	inbox    []string       // MESSAGEs received
	sent     func(Effect)   // sees every request, also one that is lost
	claims   netip.AddrPort // where it says that it sees everybody; zero: where they are
}

// A ticket says where a reply goes.
type ticket struct {
	to      *node
	request uint64
	from    identity.Contact // the address the request was sent to
	first   bool             // it was a first contact, and so is its answer
}

// boot gives the node a new engine that has read the node's journal.
func (nd *node) boot() {
	nd.results, nd.progress, nd.tokens = make(map[OpID]*Result), make(map[OpID][]*Result), make(map[uint64]ticket)
	nd.proven = make(map[identity.Address]bool)
	nd.e = New(nd.cfg, &nd.n.book, rand.New(rand.NewPCG(nd.n.rnd.Uint64(), 2)), nd.n.now)
	nd.up = true
	keys := make([]string, 0, len(nd.journal))
	for k := range nd.journal {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if err := nd.e.Load(nd.n.now, nd.journal[k]); err != nil {
			nd.n.t.Fatalf("node %s: loading %q: %v", nd.name, k, err)
		}
	}
	nd.wake = nd.e.WakeAt()
}

// move gives the node another address.
func (nd *node) move(to netip.AddrPort) {
	delete(nd.n.at, nd.address.Endpoint)
	nd.address.Endpoint = to
	nd.n.at[to] = nd
}

// operate starts an operation and waits for its result.
func (nd *node) operate(start func(op OpID) []Effect) *Result {
	nd.n.t.Helper()
	op := nd.begin(start)
	nd.n.until(2*time.Minute, "an operation's end", func() bool { return nd.results[op] != nil })
	return nd.results[op]
}

func (nd *node) begin(start func(op OpID) []Effect) OpID {
	nd.lastOp++
	op := nd.lastOp
	nd.run(start(op))
	return op
}

func (nd *node) join() *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Join(nd.n.now, op, nil, nil) })
}

func (nd *node) put(q PutQuery) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Put(nd.n.now, op, q, nil) })
}

func (nd *node) get(key string, quorum int) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect {
		return nd.e.Get(nd.n.now, op, GetQuery{Key: []byte(key), Quorum: quorum}, nil)
	})
}

func (nd *node) closest(target identity.Position) *Result {
	nd.n.t.Helper()
	return nd.operate(func(op OpID) []Effect { return nd.e.Closest(nd.n.now, op, target, nil) })
}

// run carries effects out, as a driver does.
func (nd *node) run(fx []Effect) {
	for _, f := range fx {
		switch f.Kind {
		case SendRequest:
			nd.sendRequest(f)
		case SendReply:
			nd.sendReply(f)
		case Persist:
			nd.persist(f)
		case Progress:
			nd.progress[f.Op] = append(nd.progress[f.Op], f.Result)
		case Finish:
			if nd.results[f.Op] != nil {
				nd.n.t.Errorf("node %s: operation %d finished twice", nd.name, f.Op)
			}
			nd.results[f.Op] = f.Result
		case ReportEvent:
			nd.events = append(nd.events, f.Event)
		case Deliver:
			nd.deliver(f)
		}
	}
	nd.wake = nd.e.WakeAt()
}

func (nd *node) persist(f Effect) {
	if nd.failDisk == nil {
		if nd.journal == nil {
			nd.journal = make(map[string]store.Change)
		}
		for _, c := range f.Changes {
			name := fmt.Sprintf("%v/%x", c.Kind, c.Key)
			if c.Value == nil {
				delete(nd.journal, name)
			} else {
				nd.journal[name] = c
			}
		}
	}
	if f.PersistID != 0 {
		err := nd.failDisk
		nd.n.after(time.Millisecond, func() { nd.run(nd.e.Persisted(nd.n.now, f.PersistID, err, nil)) })
	}
}

// deliver answers MESSAGEs of /echo. It has no handler for others.
func (nd *node) deliver(f Effect) {
	status, payload := rpc.NoHandler, []byte(nil)
	if f.Message.Protocol == "/echo" {
		status, payload = rpc.OK, slices.Clone(f.Message.Payload)
		nd.inbox = append(nd.inbox, string(payload))
	}
	nd.n.after(time.Millisecond, func() { nd.run(nd.e.Respond(nd.n.now, f.Token, status, payload, nil)) })
}

func (nd *node) sendRequest(f Effect) {
	n := nd.n
	a := n.book.Address(f.To)
	n.count[f.Message.Type]++
	if nd.sent != nil {
		nd.sent(f)
	}
	to, ok := n.at[a.Endpoint]
	if !ok || !a.ID.IsZero() && to.address.ID != a.ID {
		return // no node is there, or another one
	}
	m := clone(f.Message)
	source := nd.address
	if f.DialBack {
		source.Endpoint = netip.AddrPortFrom(source.Endpoint.Addr(), source.Endpoint.Port()+1)
	}
	proven := to.proven[source]
	var extra time.Duration
	if !m.Type.IsRead() && !proven {
		extra, proven = 2*n.latency, true // the transport's own first contact
	}
	first := m.Type.IsRead() && (!proven || f.FirstContact)
	n.transmit(nd, to, m, extra, func() {
		if extra > 0 {
			to.proven[source] = true
		}
		to.token++
		to.tokens[to.token] = ticket{nd, m.ID, n.book.Intern(to.address), first}
		in := &Inbound{From: n.book.Intern(source), Message: m, Token: to.token, Room: 1180, Proven: proven}
		in.Invalid = to.verdict(m)
		to.run(to.e.Receive(n.now, in, nil))
	})
}

func (nd *node) verdict(m *rpc.Message) error {
	switch {
	case m.Record != nil:
		return nd.cfg.Namespaces.Validate(m.Record)
	case m.Provider != nil:
		return nd.cfg.Namespaces.VerifyProvider(m.Provider)
	}
	return nil
}

func (nd *node) sendReply(f Effect) {
	n := nd.n
	t, ok := nd.tokens[f.Token]
	if !ok {
		n.t.Errorf("node %s: a second reply to one request", nd.name)
		return
	}
	delete(nd.tokens, f.Token)
	m := clone(f.Message)
	m.ID = t.request
	n.transmit(nd, t.to, m, 0, func() {
		nd.proven[t.to.address] = true
		in := &Inbound{From: t.from, Message: m, Proven: true}
		if t.first {
			in.Observed = t.to.address.Endpoint
		}
		if nd.claims.IsValid() {
			m.Observed, in.Observed = nd.claims, netip.AddrPort{}
			if t.first {
				m.Observed, in.Observed = in.Observed, nd.claims
			}
		}
		in.Invalid = t.to.verdict(m)
		t.to.run(t.to.e.Receive(n.now, in, nil))
	})
}
