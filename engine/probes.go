package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxProbes bounds the contacts waiting to be pinged.
const maxProbes = 512

// suspicion is the pause before a contact that failed once is pinged again; each
// further failure makes it four times as long.
const probeDelay = time.Second

// A check is a contact to be pinged.
type check struct {
	to identity.Contact
	at time.Time
}

func (e *Engine) probesWait() time.Time {
	if len(e.probes) == 0 {
		return time.Time{}
	}
	return e.probes[0].at
}

// probe pings contacts in doubt: the least recently seen of a full bucket, so that
// a newcomer gets its place if it is gone, and those that failed a request, of
// which nobody is told until they answer again. How the request ends is the table's business alone.
func (e *Engine) probe() {
	c := e.probes[0].to
	if e.probes = e.probes[1:]; len(e.probes) == 0 {
		e.probes = nil
	}
	if held, ok := e.table.Find(e.book.Position(c)); !ok || held != c {
		return
	}
	e.stats.Probes++
	if !e.ask(nobody, c, e.newRequest(rpc.Ping)) {
		e.suspect(c)
	}
}

// suspect has a contact that failed pinged before long.
func (e *Engine) suspect(c identity.Contact) {
	if n := e.table.Failures(c); n > 0 {
		e.probeAt(c, e.now.Add(probeDelay<<(2*(n-1))))
	}
}

func (e *Engine) probeAt(c identity.Contact, at time.Time) {
	i := len(e.probes)
	for j, p := range e.probes {
		if p.to == c {
			return
		}
		if i == len(e.probes) && at.Before(p.at) {
			i = j
		}
	}
	if len(e.probes) < maxProbes {
		e.probes = slices.Insert(e.probes, i, check{c, at})
	}
}
