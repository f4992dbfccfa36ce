package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// greetedAtOnce bounds the PINGs of a greeting that wait for an answer (design R8.29).
const greetedAtOnce = 16

// Resume tells the engine that it was not called for a while, because the process was
// stopped or the machine slept (design R7.15). Others may have evicted this node. It sends
// a PING to each of its contacts, so that they put it into their tables again, and looks
// itself up. What it had asked before counts against nobody.
func (e *Engine) Resume(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	e.counters.seldom().Resumes++
	e.outage.recovered = now
	e.greetAll()
	return e.leave()
}

// Moved tells the engine that the addresses of its machine have changed (design R7.27). The
// PINGs show the contacts where this node is, and their answers raise the doubt on which it
// asks where it is seen (design R7.18).
func (e *Engine) Moved(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	e.outage.recovered = now
	e.greetAll()
	return e.leave()
}

// greetAll sends a PING to each contact and looks this node up.
func (e *Engine) greetAll() {
	if e.table.Len() == 0 || e.greeting != nil {
		return // it joins again as it is alone; or it is doing so
	}
	if e.own != nil {
		e.own.inquire().greeted = e.now
	}
	e.greet(e.table.NearestAny(nil, &e.cfg.Position, e.table.Len()))
	e.lookUpSelf()
}

// greetSilent follows the end of an outage: contacts that did not answer in it, which did
// not count against them, may answer now (design R4.26).
func (e *Engine) greetSilent() {
	if e.greeting != nil {
		e.greetFormer(nobodyAsked)
		return
	}
	var silent []identity.Contact
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures == 0 && e.table.Failing(c) {
			silent = append(silent, c)
		}
	})
	e.greet(silent)
	e.greetFormer(nobodyAsked)
}

func (e *Engine) greet(contacts []identity.Contact) {
	g := &greeting{e: e, waiting: contacts}
	g.owner = e.register(g, 0)
	e.greeting = g
	g.next()
}

// A greeting sends a PING to each of some contacts of the routing table, in order.
type greeting struct {
	e        *Engine
	owner    owner
	waiting  []identity.Contact
	inFlight int // not answered, failed or overrun yet
	open     int // not answered or failed yet
}

func (g *greeting) next() {
	for g.inFlight < greetedAtOnce && len(g.waiting) > 0 {
		c := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.ask(c, 0)
	}
	if g.open == 0 {
		g.e.unregister(g.owner)
		g.e.greeting = nil
	}
}

func (g *greeting) ask(c identity.Contact, marks uint8) {
	if g.e.askMarked(g.owner, c, g.e.newRequest(rpc.Ping), marks) {
		g.inFlight++
		g.open++
	}
}

// answered sends a contact that was met by a first contact another PING, once: one that has
// no session each time would keep the greeting from its end.
func (g *greeting) answered(r *rpc.Request, in *Inbound) {
	if in.Observed.IsValid() && r.Marks&introduction == 0 {
		g.ask(in.From, introduction)
	}
	g.settle(r)
}

func (g *greeting) failed(r *rpc.Request) { g.settle(r) }

// overran lets another contact be greeted while one is slow.
func (g *greeting) overran(r *rpc.Request) {
	if r.Tries == 2 {
		g.inFlight--
		g.next()
	}
}

// settle ends one request. If it was sent again it had overrun.
func (g *greeting) settle(r *rpc.Request) {
	g.open--
	if r.Tries == 1 {
		g.inFlight--
	}
	g.next()
}

func (g *greeting) contacts(keep func(identity.Contact)) {
	for _, c := range g.waiting {
		keep(c)
	}
}
