package engine

import (
	"time"

	"kadmium/rpc"
)

// expireRequests sends requests again whose timeout has passed, and gives up those that
// were sent Request.MaxTries times (design R3.12).
func (e *Engine) expireRequests() {
	for {
		r, ok := e.requests.Expired(e.now)
		if !ok {
			return
		}
		if r.Paused {
			e.resume(r)
			continue
		}
		if e.outage.overran(e.now, r) {
			e.testLink(r.To)
		}
		if r.LastTry() || e.tooLate(r) {
			refused := e.cfg.Refused != nil && e.cfg.Refused(r.ID)
			if refused {
				e.counters.seldom().SendRefused++
			}
			e.requests.Drop(r.ID)
			e.emit(Effect{Kind: ForgetRequest, RequestID: r.ID})
			e.giveUp(r, !refused)
			continue
		}
		shorten(r.Message, e.now.Sub(r.Sent))
		e.requests.Retry(e.now, r, e.firstTimeout(r.To, r.Message.Type))
		e.counters.Retransmissions++
		e.send(r)
		if a, ok := e.activities[r.Activity]; ok {
			a.overran(r)
		}
	}
}

// Unreachable tells the engine that the driver can never send a request. The request has
// failed, which does not count against the peer.
func (e *Engine) Unreachable(now time.Time, requestID uint64, fx []Effect) []Effect {
	e.enter(now, fx)
	if r, ok := e.requests.Answered(requestID); ok {
		e.counters.seldom().Unreachable++
		e.giveUp(r, false)
	}
	return e.leave()
}

// giveUp ends a request that has failed. If the failure does not count, the peer is not
// blamed for it. After two tries a contact is only in doubt (design R4.11).
func (e *Engine) giveUp(r *rpc.Request, count bool) {
	e.counters.Timeouts++
	if count {
		e.event(Event{Kind: PeerSilent, Contact: r.To, N: int(e.now.Sub(r.Started) / time.Millisecond)})
	}
	if count && r.Marks&thoughtGone == 0 && e.outage.counts(r) {
		e.retries.note(&e.retries.lost)
		e.queryFailed(r, false)
		if r.MaxTries < rpc.MaxTries && e.table.Doubt(r.To) {
			e.suspect(r.To)
		} else {
			e.contactFailed(r.To)
		}
		if e.rtts.knows(r.To) && r.Message.Type.IsRead() { // gone, or slower than before
			rtt := e.rtts.of(r.To)
			rtt.BackOff()
			e.rtts.set(r.To, rtt)
		}
	} else {
		e.table.Silent(r.To)
		e.suspect(r.To) // nothing was learnt: a contact in doubt is pinged again
	}
	if a, ok := e.activities[r.Activity]; ok {
		a.failed(r)
	}
	e.recycle(r.Message)
}

// shorten subtracts the time passed from the remaining lifetime that a write tells
// (design R6.11).
func shorten(m *rpc.Message, passed time.Duration) {
	if m.Record != nil {
		m.Record.TTL = max(0, m.Record.TTL-passed)
	}
	if m.Provider != nil {
		m.Provider.TTL = max(0, m.Provider.TTL-passed)
	}
}
