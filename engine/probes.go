package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// probeDelay is the pause before a contact that failed once is pinged again; each
// further failure makes it four times as long.
const probeDelay = time.Second

func (e *Engine) wantsProbe() time.Time { return e.probes.next() }

// probe pings contacts in doubt: the least recently seen of a full bucket, so that
// a newcomer gets its place if it is gone, and those that failed a request, of
// which nobody is told until they answer again. How the request ends is the table's business alone.
func (e *Engine) probe() {
	c := e.probes.take()
	if held, ok := e.table.Find(e.book.Position(c)); !ok || held != c {
		return
	}
	e.counters.Probes++
	if !e.ask(nobody, c, e.newRequest(rpc.Ping)) {
		e.suspect(c)
	}
}

// suspect has a contact that failed pinged before long.
func (e *Engine) suspect(c identity.Contact) {
	if n := e.table.Failures(c); n > 0 {
		e.probes.add(c, e.now.Add(probeDelay<<(2*(n-1))))
	}
}
