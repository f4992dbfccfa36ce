package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Receive takes a message that arrived.
func (e *Engine) Receive(now time.Time, in *Inbound, fx []Effect) []Effect {
	e.enter(now, fx)
	if !in.FirstContact {
		e.outage.heard(now)
	}
	if in.Message.Response {
		e.response(in)
	} else {
		e.serve(in)
	}
	return e.leave()
}

// Tick does what has become due. To call it early is harmless.
func (e *Engine) Tick(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	e.expireRequests()
	e.expireLookups()
	e.runTasks()
	return e.leave()
}

// WakeAt says when Tick is needed next. Zero: not before another method is called.
func (e *Engine) WakeAt() time.Time {
	var at time.Time
	if t, ok := e.requests.Next(); ok {
		at = t
	}
	if len(e.lookups) > 0 {
		at = earlier(at, e.lookups[0].deadline)
	}
	for i := range schedule {
		at = earlier(at, e.due(i))
	}
	return at
}

// EachContact calls keep with every contact that the engine holds, some of them more than
// once. The driver's book may forget all others (design R1.19).
func (e *Engine) EachContact(keep func(identity.Contact)) {
	e.table.EachHandle(keep)
	e.requests.Each(func(r *rpc.Request) { keep(r.To) })
	for _, a := range e.activities {
		a.contacts(keep)
	}
	for _, o := range e.ops { // a put has these after its lookup, too
		o.contacts(keep)
	}
	e.rtts.each(keep)
	if e.reachability != nil {
		keep(e.reachability.asked)
	}
	e.unresponsive.each(keep)
	for _, c := range e.moved {
		keep(c)
	}
	for _, p := range e.probes {
		keep(p.to)
	}
	for _, h := range e.handovers {
		keep(h.to)
	}
}
