package engine

import (
	"time"

	"kadmium/rpc"
)

// maxQuiet is how long nothing may be heard, while answers are awaited, before this
// node's own link is taken to be down. It is longer than a second try (3 s at most) and
// the answer to the PING that then tests the link. If it were shorter, a node that waits
// only for unresponsive peers would see an outage.
const maxQuiet = 5 * time.Second

// An outage tells a failed peer from a failed link of this node (design R4.7 to R4.9), so
// that a minute without a link does not empty the table. The failure of a request counts
// if another peer was heard during its last two tries, and if it did not begin before an
// outage ended.
type outage struct {
	lastHeard  time.Time // when anything was last heard
	silentFrom time.Time // when the first try ended in which nothing was heard; zero: none has
	recovered  time.Time // when the last outage ended
}

// heard notes that something was heard, and reports whether this ends an outage.
func (o *outage) heard(now time.Time) (ended bool) {
	if ended = !o.silentFrom.IsZero() && now.Sub(o.silentFrom) > maxQuiet; ended {
		o.recovered = now
	}
	o.lastHeard, o.silentFrom = now, time.Time{}
	return ended
}

// counts reports whether the failure of a request counts against its peer.
func (o *outage) counts(r *rpc.Request) bool {
	return (r.Marks&othersHeard != 0 || o.lastHeard.After(r.Sent)) && !r.Started.Before(o.recovered)
}

// overran notes that a try was not answered in time. It reports whether the link is to be
// tested: nothing else was heard during the last try but one.
func (o *outage) overran(now time.Time, r *rpc.Request) (testLink bool) {
	if r.Activity == linkTest {
		return false
	}
	heardSince := o.lastHeard.After(r.Sent)
	if o.silentFrom.IsZero() && !r.LastTry() && !heardSince {
		o.silentFrom = now
	}
	if r.Tries != r.MaxTries-1 {
		return false
	}
	if heardSince {
		r.Marks |= othersHeard
	}
	return !heardSince
}
