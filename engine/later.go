package engine

import (
	"time"

	"kadmium/rpc"
)

// Pauses before a write is sent again that was answered Later (wire.md, section 4).
const (
	firstLater = 200 * time.Millisecond // doubled each time
	maxLater   = 2 * time.Second
	storeLater = 30 * time.Second // a STORE is put off no longer than this; a MESSAGE until it is cancelled
)

// putOff follows an answer that only says that the request is to be sent again, after a
// pause and under the same ID. It reports false for any other answer.
func (e *Engine) putOff(r *rpc.Request, in *Inbound) bool {
	m := r.Message
	if _, wanted := e.activities[r.Activity]; !wanted || !m.AtMostOnce() || in.Message.Status != rpc.Later {
		return false
	}
	if m.Type == rpc.Store && e.now.Sub(r.Started) >= storeLater {
		return false
	}
	pause := min(firstLater<<min(r.Pauses, 8), maxLater)
	r.Pauses++
	r.Marks &^= proveAddress
	e.counters.Postponed++
	e.requests.Pause(e.now, r, pause-e.jitter(pause/2))
	return true
}

// resume sends a request again that was put off, unless nobody waits for it any more.
func (e *Engine) resume(r *rpc.Request) {
	if _, wanted := e.activities[r.Activity]; !wanted {
		e.requests.Drop(r.ID)
		e.recycle(r.Message)
		return
	}
	if e.tooLate(r) {
		e.requests.Drop(r.ID)
		e.giveUp(r, false)
		return
	}
	shorten(r.Message, e.now.Sub(r.Sent))
	e.requests.Resume(e.now, r, e.firstTimeout(r.To, r.Message.Type))
	e.send(r)
}

// tooLate reports whether a further try could come after the peer has forgotten the
// request, and so execute it twice.
func (e *Engine) tooLate(r *rpc.Request) bool {
	return r.Message.AtMostOnce() && e.now.Sub(r.Sent) > rpc.MaxTryGap
}
