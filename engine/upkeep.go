package engine

import (
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// maxUpkeep bounds the lookups of the node's own under way at once.
const maxUpkeep = 3

// mayMaintain reports whether one more lookup of the node's own may begin; else the
// end of one brings the task back.
func (e *Engine) mayMaintain() bool { return e.upkeep < maxUpkeep }

// mayStoreAgain is mayMaintain for what goes to a key's holders: a node that joins does
// not know yet who they are.
func (e *Engine) mayStoreAgain() bool { return e.mayMaintain() && e.joining == 0 }

// maintain runs a lookup of the node's own; at most maxUpkeep run at once.
func (e *Engine) maintain(asks rpc.Type, key []byte, target identity.Position, ended func(*activeLookup)) {
	e.upkeep++
	l := e.newLookup(0, asks, key, target)
	l.onEnd = func(lookup.Reason) {
		e.upkeep--
		ended(l)
	}
	l.start()
}
