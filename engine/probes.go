package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// probeDelay is the pause before a contact that failed once is pinged. Each further
// failure makes the pause four times as long (design R4.12).
const probeDelay = time.Second

func (e *Engine) wantsProbe() time.Time { return e.probes.next() }

// probe pings a contact in doubt. It is the least recently seen of a full bucket, so that
// a replacement gets its place if it fails (design R4.3); or it failed a request, and is
// not named to others until it answers (design R4.12). Only the routing table learns how
// the request ends.
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

// suspect queues a PING to a contact, if it has failed.
func (e *Engine) suspect(c identity.Contact) {
	if n := e.table.Failures(c); n > 0 {
		e.probes.add(c, e.now.Add(probeDelay<<(2*(n-1))))
	}
}
