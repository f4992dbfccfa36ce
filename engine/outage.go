package engine

import (
	"time"

	"kadmium/rpc"
)

// maxQuiet is how long nothing may be heard, while something is waited for,
// before the silence is taken for an outage of this node's own link. It is longer
// than a second try (3 s at most) and the answer to the PING that then tests the
// link: else a node that waits for the dead alone would take them for an outage.
const maxQuiet = 5 * time.Second

// An outage tells a dead peer from a dead link: failures count only while
// something else is being heard (design, section 4), so that a minute without a
// cable empties no table. A failure counts if somebody was heard during the
// request's last two tries, and it did not begin before a silence ended.
type outage struct {
	lastHeard  time.Time // when anything was last heard
	silentFrom time.Time // when the first whole try of a request ended in which nothing was; zero: none has
	recovered  time.Time // when the last outage ended
}

func (o *outage) heard(now time.Time) {
	if !o.silentFrom.IsZero() && now.Sub(o.silentFrom) > maxQuiet {
		o.recovered = now
	}
	o.lastHeard, o.silentFrom = now, time.Time{}
}

// counts reports whether the failure of a request says anything of its peer.
func (o *outage) counts(r *rpc.Request) bool {
	return (r.Marks&othersHeard != 0 || o.lastHeard.After(r.Sent)) && !r.Started.Before(o.recovered)
}

// overran notes that a try was not answered in time. It reports whether the link is
// to be tested, because nothing else was heard during the second either.
func (o *outage) overran(now time.Time, r *rpc.Request) (testLink bool) {
	if r.Owner == linkTest {
		return false
	}
	heardSince := o.lastHeard.After(r.Sent)
	if o.silentFrom.IsZero() && !r.LastTry() && !heardSince {
		o.silentFrom = now
	}
	if r.Tries != r.Most-1 {
		return false
	}
	if heardSince {
		r.Marks |= othersHeard
	}
	return !heardSince
}
