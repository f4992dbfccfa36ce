package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxClients bounds the clients that are remembered (design R8.37).
const maxClients = 16

// knowClient remembers a client that has answered, or that has asked under a session, while
// no server that this node knows answers. A network in which all nodes are still clients
// has nobody else to ask for a dial back (design R7.24).
func (e *Engine) knowClient(c identity.Contact) {
	if e.table.Answering() > 0 || slices.Contains(e.clients(), c) {
		return
	}
	r := e.ensureReachability()
	if len(r.clients) == maxClients {
		r.clients = slices.Delete(r.clients, 0, 1)
	}
	r.clients = append(r.clients, c)
}

// forgetClient removes a client that has not answered.
func (e *Engine) forgetClient(c identity.Contact) {
	r := e.reachability
	r.clients = slices.DeleteFunc(r.clients, func(other identity.Contact) bool { return other == c })
}

// forgetClients follows the first server that this node knows.
func (e *Engine) forgetClients() {
	if e.reachability != nil {
		e.reachability.clients = nil
	}
}

func (e *Engine) clients() []identity.Contact {
	if e.reachability == nil {
		return nil
	}
	return e.reachability.clients
}

// OnlyClients reports whether peers have answered, and all of those were clients.
func (e *Engine) OnlyClients() bool { return e.table.Answering() == 0 && len(e.clients()) > 0 }

// BeginNetwork tells the engine that the bootstrap peers that it was promised are this
// node itself: it is the first of its network (design R7.9).
func (e *Engine) BeginNetwork(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	e.cfg.Seeded = false
	if e.cfg.Mode == Auto && e.mode == Client {
		e.ensureReachability().checkNext(e, now)
		e.changeMode(Server)
	}
	return e.leave()
}

// joinAsServer follows the change to a server. One whose last join found no server joins
// anew, and tells the clients that it knows otherwise.
func (e *Engine) joinAsServer() {
	if !e.metNoServer {
		e.lookUpSelf()
		return
	}
	for _, c := range e.clients() {
		if at := e.book.Address(c).Endpoint; !slices.ContainsFunc(e.cfg.Bootstrap, func(a identity.Address) bool { return a.Endpoint == at }) {
			e.ask(nobody, c, e.newRequest(rpc.Ping))
		}
	}
	e.join(0, nil, 0)
}
