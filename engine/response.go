package engine

import (
	"kadmium/lookup"
	"kadmium/rpc"
)

// response takes an answer and gives it to the request's activity and to the routing
// table.
func (e *Engine) response(in *Inbound) {
	r, ok := e.requests.Answered(in.Message.ID)
	if !ok {
		e.counters.seldom().Unsolicited++
		return
	}
	in.Awaited = true
	// Karn's rule (RFC 6298, section 3). The time of a write includes more than the
	// network's.
	if r.Message.Type.IsRead() && !(r.Tries == 1 && in.Ambiguous) {
		rtt := e.rtts.of(in.From)
		switch waited := e.now.Sub(r.Started); {
		case r.Tries == 1:
			in.RTT = e.now.Sub(r.Sent)
			rtt.Sample(in.RTT)
			e.typicalRTT.Sample(in.RTT)
		case waited > lookup.MaxLate: // it is slow, whichever try it answered
			rtt.Sample(waited)
		default:
			rtt.BackOff()
		}
		e.rtts.set(in.From, rtt)
	}
	// Who is slow answers late although nothing was lost.
	if (r.Tries > 1 || r.Marks&secondChance != 0) && e.now.Sub(r.Sent) <= lookup.MaxLate {
		e.retries.note(&e.retries.late)
	}
	e.noteObserved(in)
	if e.kept != nil {
		e.kept.answered = e.now
	}
	if r.Message.Type.IsQuery() {
		e.queryFailures.forgive(in.From)
	}
	if !in.Left {
		e.contacted(in.From, in.Message.Serves, false)
	}
	if r.Unanswered--; in.Resent {
		r.Marks |= lingers
	}
	if in.Message.Status == rpc.Unproven && e.prove(r) || e.putOff(r, in) {
		return
	}
	e.settle(r)
	if a, ok := e.activities[r.Activity]; ok {
		a.answered(r, in)
	}
	e.recycle(r.Message)
}

// prove repeats a write that was refused because this node's address has changed since
// the session began. The repeat begins with a first contact, which proves the new
// address. The peer did not execute it, so the ID is the same. A write is repeated once
// (design R3.17).
func (e *Engine) prove(r *rpc.Request) bool {
	if r.Marks&proveAddress != 0 || e.requests.Len() >= rpc.MaxOutstanding {
		return false
	}
	marks := uint8(proveAddress)
	if r.Unanswered > 0 {
		marks |= lingers
	}
	return e.askMarked(owner{r.Activity, OpID(r.Op)}, r.To, r.Message, marks|r.Marks&lingers)
}
