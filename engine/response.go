package engine

import (
	"time"

	"kadmium/rpc"
)

// response takes an answer and gives it to the request's activity and to the routing
// table.
func (e *Engine) response(in *Inbound) {
	r, ok := e.requests.Answered(in.Message.ID)
	if !ok {
		e.counters.Unsolicited++
		return
	}
	// Karn's rule (RFC 6298, section 3). The time of a write includes more than the
	// network's.
	if r.Message.Type.IsRead() && !(r.Tries == 1 && in.Ambiguous) {
		rtt := e.rtts.of(in.From)
		if r.Tries == 1 {
			rtt.Sample(e.now.Sub(r.Sent))
			e.typicalRTT.Sample(e.now.Sub(r.Sent))
		} else {
			rtt.BackOff()
		}
		e.rtts.set(in.From, rtt)
	}
	if r.Tries > 1 || r.Marks&secondChance != 0 {
		e.retries.note(&e.retries.late)
	}
	if in.Observed.IsValid() {
		e.ensureReachability().observed(e.book.Address(in.From).ID, in.Observed)
	}
	e.contacted(in.From, in.Message.Serves)
	if in.Message.Status == rpc.Unproven && e.prove(r) {
		return
	}
	if a, ok := e.activities[r.Owner]; ok {
		a.answered(r, in)
	}
	e.recycle(r.Message)
}

// prove repeats a write that was refused because this node's address has changed since
// the session began. The repeat begins with a first contact, which proves the new
// address. A write is repeated once (design R3.17).
func (e *Engine) prove(r *rpc.Request) bool {
	if r.Marks&proveAddress != 0 || e.requests.Len() >= rpc.MaxOutstanding {
		return false
	}
	m := r.Message
	m.ID = e.rnd.Uint64() // the peer remembers its answer to the first ID
	if s, ok := e.activities[r.Owner].(*singleRequest); ok && s.message != 0 {
		s.message = m.ID
	}
	return e.askMarked(owner{r.Owner, OpID(r.Op)}, r.To, m, proveAddress)
}

// expireRequests sends requests again whose timeout has passed, and gives up those that
// were sent Request.Most times (design R3.12).
func (e *Engine) expireRequests() {
	for {
		r, ok := e.requests.Expired(e.now)
		if !ok {
			return
		}
		if e.outage.overran(e.now, r) {
			e.testLink(r.To)
		}
		if r.LastTry() {
			e.requests.Drop(r.ID)
			e.emit(Effect{Kind: ForgetRequest, RequestID: r.ID})
			e.giveUp(r, true)
			continue
		}
		first := r.Tries == 1
		shorten(r.Message, e.now.Sub(r.Sent))
		e.requests.Retry(e.now, r, e.patience(r.To, r.Message.Type))
		e.counters.Retransmissions++
		e.send(r)
		if a, ok := e.activities[r.Owner]; ok && first {
			a.overran(r)
		}
	}
}

// Unreachable tells the engine that the driver cannot send a request. The request has
// failed, which does not count against the peer.
func (e *Engine) Unreachable(now time.Time, requestID uint64, fx []Effect) []Effect {
	e.enter(now, fx)
	if r, ok := e.requests.Answered(requestID); ok {
		e.counters.Unreachable++
		e.giveUp(r, false)
	}
	return e.leave()
}

// giveUp ends a request that has failed. If the failure does not count, the peer is not
// blamed for it. After two tries a contact is only in doubt (design R4.11).
func (e *Engine) giveUp(r *rpc.Request, count bool) {
	e.counters.Timeouts++
	if count && e.outage.counts(r) {
		e.retries.note(&e.retries.lost)
		if r.Most < rpc.MaxTries && e.table.Doubt(r.To) {
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
		e.suspect(r.To) // nothing was learnt: a contact in doubt is pinged again
	}
	if a, ok := e.activities[r.Owner]; ok {
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
