package engine

import (
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// How a node in mode auto learns that strangers can reach it (design, section 7):
// it asks a peer to call back, and the peer sends a first contact from another
// address than the one this node has spoken to.
const (
	dialBackWindow = 10 * time.Second // in which the call is expected
	dialBackPause  = 10 * time.Minute // between rounds of asking once nobody's call arrived
	dialBackRound  = 3                // peers asked in a round
	maxDialBacks   = 60               // dial backs made a minute
)

// ensureReachability is the node's reachability, to be written to.
func (e *Engine) ensureReachability() *reachability {
	if e.reachability == nil {
		e.reachability = new(reachability)
	}
	return e.reachability
}

// wantsDialBack is when to ask for a dial back: in mode auto, while still a client.
func (e *Engine) wantsDialBack() time.Time {
	if e.cfg.Mode != Auto || e.mode == Server || e.joining > 0 || e.table.Len() == 0 {
		return time.Time{}
	}
	if e.reachability == nil || e.reachability.notBefore.IsZero() {
		return overdue
	}
	return e.reachability.notBefore
}

// askDialBack asks a random contact to dial back.
func (e *Engine) askDialBack() {
	r := e.ensureReachability()
	if e.now.Before(r.notBefore) {
		return
	}
	if r.tries++; r.tries%dialBackRound == 0 {
		r.notBefore = e.now.Add(dialBackPause)
	}
	target := e.randomIn(0)
	e.scratch = e.table.Nearest(e.scratch[:0], &target, e.cfg.K)
	if len(e.scratch) == 0 {
		return
	}
	c := e.scratch[e.rnd.IntN(len(e.scratch))]
	r.asked, r.until = c, e.now.Add(dialBackWindow)
	m := e.newRequest(rpc.Ping)
	m.DialBack = true
	e.ask(nobody, c, m)
}

// dialedBack looks at every PING: one from the peer that was asked to call, from
// another address than it was asked at, proves that strangers get through. Its
// signature says who called; nothing else of a first contact is believed.
func (e *Engine) dialedBack(in *Inbound) {
	if e.cfg.Mode != Auto || e.mode == Server || in.Proven || e.reachability == nil || !e.now.Before(e.reachability.until) {
		return
	}
	if e.book.Address(in.From).ID != e.book.Address(e.reachability.asked).ID || in.From == e.reachability.asked {
		return
	}
	e.mode = Server
	e.event(Event{Kind: ModeChanged, Mode: Server})
	// Neighbours learn of a new server from its requests.
	e.maintain(rpc.FindNode, nil, e.cfg.Position, func(l *activeLookup) { e.introduce(0, l, func(*spread) {}) })
}

// dialBack sends the one first contact that a peer asked for: one a peer a minute.
func (e *Engine) dialBack(to identity.Contact) {
	r := e.ensureReachability()
	if e.now.Sub(r.minute) >= time.Minute {
		r.minute, r.dialed = e.now, make(map[identity.ID]bool)
	}
	id := e.book.Address(to).ID
	if r.dialed[id] || len(r.dialed) >= maxDialBacks {
		return
	}
	r.dialed[id] = true
	e.counters.DialBacks++
	m := e.newRequest(rpc.Ping)
	e.emit(Effect{Kind: SendRequest, To: to, RequestID: m.ID, Message: m, FirstContact: true, DialBack: true})
}

// Observed is where most peers see this node; the zero value if none said.
func (e *Engine) Observed() netip.AddrPort { return e.reachability.address() }
