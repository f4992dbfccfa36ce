package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// lookUpSelf looks this node up, beginning with the seeds too, so that its neighbours know
// it.
func (e *Engine) lookUpSelf(seeds ...identity.Contact) {
	e.maintainFrom(ForSelf, seeds, e.cfg.Position, func(l *activeLookup) { e.introduce(0, l, func(*fanOut) {}) })
}

// LookUpSelf looks this node up, so that it meets others and they know it.
func (e *Engine) LookUpSelf(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	if e.mayMaintain() {
		e.lookUpSelf()
	}
	return e.leave()
}

// introduce sends a PING under the session to the neighbours that a lookup of this node
// met by a first contact (design R7.6). The first contact changed nothing at its receiver
// (design R3.1), and without the PING they would not know this node.
func (e *Engine) introduce(op OpID, l *activeLookup, ended func(*fanOut)) {
	var neighbours []identity.Contact
	for _, c := range l.state.Closest(nil) {
		if slices.Contains(l.metByFirstContact, c) {
			neighbours = append(neighbours, c)
		}
	}
	ping := func(identity.Contact) *rpc.Message { return e.newRequest(rpc.Ping) }
	e.fanOut(op, neighbours, ping, ended)
}
