package kadmium

import (
	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/transport"
)

// An arrival is a message on its way to the engine.
type arrival struct {
	engine.Inbound
	reply transport.ReplyTo // of a request
}

// receive is the transport's handler: it runs on the read loop, or for a first
// contact on a worker, and waits for nothing but n.mu.
func (n *Node) receive(in *transport.Inbound) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return
	}
	m := n.message
	m.Type, m.Response, m.Serves, m.ID = in.Type, in.Response, in.Serves, in.ID
	if err := n.codec.Decode(in.Body, m, &n.book); err != nil {
		n.transport.Malformed(err.Error())
		return
	}
	if m.Response && m.Type == rpc.GetProviders {
		n.nameSought(m)
	}
	a := &n.arriving
	*a = arrival{
		Inbound: engine.Inbound{
			From:      n.book.Intern(in.From),
			Message:   m,
			Room:      in.Room,
			Proven:    in.Proven,
			First:     in.First,
			Ambiguous: in.Ambiguous,
			Observed:  in.Observed,
		},
		reply: in.Reply,
	}
	if n.costly(m) {
		n.message = new(rpc.Message) // the check keeps the other
		kept := *a
		n.check(&kept)
		return
	}
	if m.Record != nil {
		a.Verdict = n.namespaces.Validate(m.Record)
	}
	n.arrived(a)
}

// arrived hands a message that has been checked to the engine. The caller holds
// n.mu.
func (n *Node) arrived(a *arrival) {
	if !a.Message.Response {
		a.Token = n.replies.receive(a.reply)
	}
	now := n.clock.Now() // a step, spelled out: a closure would be an allocation a datagram
	n.effects = n.engine.Receive(now, &a.Inbound, n.effects[:0])
	n.settle(now)
	n.replies.received()
}

// nameSought puts the key of a GET_PROVIDERS, which the answer leaves out, into the
// entries: their signatures cover it. The caller holds n.mu.
func (n *Node) nameSought(m *rpc.Message) {
	key := n.sought[m.ID]
	delete(n.sought, m.ID)
	for i := range m.Providers {
		m.Providers[i].Key = key
	}
}
