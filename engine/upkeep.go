package engine

import (
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// maxUpkeep bounds the lookups and fills of the node's own under way (design R8.29).
const maxUpkeep = 3

// mayMaintain reports whether another lookup of the node's own may begin. If not, the
// task stays due until one has ended.
func (e *Engine) mayMaintain() bool { return e.upkeep < maxUpkeep }

// mayStoreAgain is mayMaintain for tasks that write to the holders of a key. A node that
// is joining does not know the holders yet.
func (e *Engine) mayStoreAgain() bool { return e.mayMaintain() && e.joining == 0 }

// maintain looks a target up for the node itself: its k closest nodes.
func (e *Engine) maintain(what Purpose, target identity.Position, ended func(*activeLookup)) {
	e.maintainFrom(what, nil, target, ended)
}

// maintainFrom is maintain that begins with the seeds too.
func (e *Engine) maintainFrom(what Purpose, seeds []identity.Contact, target identity.Position, ended func(*activeLookup)) {
	e.upkeep++
	l := e.newLookup(0, what, rpc.FindNode, nil, target)
	l.onEnd = func(lookup.Reason) {
		e.upkeep--
		ended(l)
	}
	l.start(seeds...)
}
