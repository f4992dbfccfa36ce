package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxQuiet is how long nothing may be heard, while something is waited for,
// before the silence is taken for an outage of this node's own link.
const maxQuiet = 3 * time.Second

// An outage tells a dead peer from a dead link: failures count only while
// something else is being heard (design, section 4), so that a minute without a
// cable empties no table. Nobody's failure counts unless somebody was heard
// since the last try, nor if it was asked before a silence ended.
type outage struct {
	last    time.Time // when anything was last heard
	waiting bool      // a request has run out of time since then
	up      time.Time // when the last outage ended
}

func (o *outage) heard(now time.Time) {
	if o.waiting && now.Sub(o.last) > maxQuiet {
		o.up = now
	}
	o.last, o.waiting = now, false
}

// counts reports whether the failure of a request says anything of its peer.
func (o *outage) counts(r *rpc.Request) bool {
	return o.last.After(r.Sent) && !r.Started.Before(o.up)
}

// overran notes that a request was not answered in time. If nothing else was
// heard either, another peer is asked whether the link works.
func (o *outage) overran(e *Engine, r *rpc.Request) {
	o.waiting = true
	if o.last.After(r.Sent) || r.Tries != 1 || r.Owner == controlOwner {
		return
	}
	if c := e.mostRecent(r.To); c != 0 {
		e.ask(controlOwner, c, e.newRequest(rpc.Ping))
	}
}

// controlOwner owns the PINGs that test the link: nobody listens to them.
const controlOwner = ^uint64(0)

// mostRecent is the contact of the table heard from last, but not that one.
func (e *Engine) mostRecent(not identity.Contact) identity.Contact {
	var best identity.Contact
	var at time.Time
	e.table.Each(func(c identity.Contact, seen time.Time, _, _ int) {
		if c != not && (best == 0 || seen.After(at)) {
			best, at = c, seen
		}
	})
	return best
}
