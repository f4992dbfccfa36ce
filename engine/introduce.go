package engine

import (
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

// introduce has the neighbours that a lookup of this node found know it: the first
// contact that a lookup begins with leaves no trace (design, section 3, rule 1), a PING
// under the session does.
func (e *Engine) introduce(op OpID, l *activeLookup, ended func(*spread)) {
	var neighbours []identity.Contact
	for _, c := range l.state.Closest(nil) {
		if slices.Contains(l.firstContacts, c) {
			neighbours = append(neighbours, c)
		}
	}
	ping := func(identity.Contact) *rpc.Message { return e.newRequest(rpc.Ping) }
	e.spread(op, neighbours, ping, ended)
}
