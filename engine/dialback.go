package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A node in mode auto learns by a dial back whether others can reach it (design R7.7,
// R7.8): it asks a peer, which sends a first contact from another address than the one
// that this node has spoken to.
const (
	dialBackWindow = 10 * time.Second // in which the dial back is expected
	dialBackPause  = 10 * time.Minute // between rounds, if no dial back arrived
	dialBackRound  = 3                // peers asked in a round
	maxDialBacks   = 60               // sent a minute (design R8.23)
	maxDialShare   = maxDialBacks / 8 // of them to one netgroup
	dialBackLimit  = time.Minute      // between two that one peer is sent
)

// ensureReachability returns the node's reachability, which it makes if there is none.
func (e *Engine) ensureReachability() *reachability {
	if e.reachability == nil {
		e.reachability = new(reachability)
	}
	return e.reachability
}

// wantsDialBack is when to ask for a dial back: in mode auto, while the node is a client,
// and for a check of its reachability while it is a server.
func (e *Engine) wantsDialBack() time.Time {
	if e.mode == Server {
		return e.wantsRecheck()
	}
	if e.cfg.Mode != Auto || e.joining > 0 || e.table.Len()+len(e.clients()) == 0 {
		return time.Time{}
	}
	if e.reachability == nil || e.reachability.notBefore.IsZero() {
		return overdue
	}
	return e.reachability.notBefore
}

// askDialBack asks a random contact for a dial back, or a client where no server is known.
func (e *Engine) askDialBack() {
	if e.mode == Server {
		e.recheck()
		return
	}
	r := e.ensureReachability()
	if e.now.Before(r.notBefore) {
		return
	}
	candidates, pause := e.clients(), recheckAgain // without a server nobody is of use to others
	if e.table.Answering() > 0 {
		target := e.randomIn(0)
		e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], &target, e.cfg.K)
		candidates, pause = e.scratch().contacts, dialBackPause
	}
	if r.tries++; r.tries%dialBackRound == 0 {
		r.notBefore = e.now.Add(pause)
	}
	if len(candidates) == 0 {
		return
	}
	c := candidates[e.rnd.IntN(len(candidates))]
	r.asked, r.until = c, e.now.Add(dialBackWindow)
	e.requestDialBack(c, func(agreed bool) {
		if !agreed {
			e.forgetClient(c)
		} else if r.asked == c {
			r.until = e.now.Add(dialBackWindow)
		}
	})
}

// A dialBackRequest asks a peer for a dial back. The peer sends one to a proven address
// only, and a new first contact proves the one that this node has now (design R7.17).
type dialBackRequest struct {
	e     *Engine
	owner owner
	to    identity.Contact
	ended func(agreed bool)
}

func (e *Engine) requestDialBack(to identity.Contact, ended func(agreed bool)) {
	d := &dialBackRequest{e: e, to: to, ended: ended}
	d.owner = e.register(d, 0)
	if !e.askMarked(d.owner, to, e.newRequest(rpc.Ping), proveAddress) {
		d.end(false)
	}
}

func (d *dialBackRequest) answered(r *rpc.Request, _ *Inbound) {
	if r.Message.DialBack {
		d.end(true)
		return
	}
	m := d.e.newRequest(rpc.Ping)
	m.DialBack = true
	if !d.e.askMarked(d.owner, d.to, m, underSession) {
		d.end(false)
	}
}

func (d *dialBackRequest) failed(*rpc.Request) { d.end(false) }

func (d *dialBackRequest) overran(*rpc.Request) {}

func (d *dialBackRequest) contacts(keep func(identity.Contact)) { keep(d.to) }

func (d *dialBackRequest) end(agreed bool) {
	d.e.unregister(d.owner)
	d.ended(agreed)
}

// dialedBack looks at every PING. One from the peer that was asked for a dial back, but
// from another address, proves that others can reach this node. Its signature says who
// sent it, and nothing else of a first contact is believed.
func (e *Engine) dialedBack(in *Inbound) {
	r := e.reachability
	if e.cfg.Mode != Auto || in.Proven || r == nil {
		return
	}
	if e.mode == Server {
		if r.check != nil {
			r.check.dialedBack(in.From)
		}
		return
	}
	if !e.now.Before(r.until) || e.book.Address(in.From).ID != e.book.Address(r.asked).ID || in.From == r.asked {
		return
	}
	r.checkNext(e, e.now)
	e.changeMode(Server)
}

// changeMode makes this node a server or a client. Its neighbours learn it by its
// requests.
func (e *Engine) changeMode(m Mode) {
	e.mode = m
	e.event(Event{Kind: ModeChanged, Mode: m})
	if m == Server {
		e.joinAsServer()
		return
	}
	e.lookUpSelf()
}

// dialBack sends the first contact that a peer asked for, at most one per peer and
// minute (design R8.23).
func (e *Engine) dialBack(to identity.Contact) {
	r := e.ensureReachability()
	if e.now.Sub(r.minute) >= dialBackLimit {
		r.minute, r.dialed, r.dialShares = e.now, make(map[identity.ID]bool), make(map[identity.NetGroup]int)
	}
	a := e.book.Address(to)
	group := a.NetGroup()
	if r.dialed[a.ID] || len(r.dialed) >= maxDialBacks || r.dialShares[group] >= maxDialShare {
		r.dialRefused++
		return
	}
	r.dialed[a.ID] = true
	r.dialShares[group]++
	e.counters.seldom().DialBacks++
	e.noteSent(to)
	m := e.newRequest(rpc.Ping)
	e.emit(Effect{Kind: SendRequest, To: to, RequestID: m.ID, Message: m, FirstContact: true, DialBack: true})
}
