package engine

import (
	"time"

	"kadmium/rpc"
)

// Pauses before a write is sent again that was answered Later, and before a message is
// polled that was answered Working (wire.md, section 4).
const (
	firstLater = 200 * time.Millisecond // doubled each time
	maxLater   = 2 * time.Second
	storeLater = 30 * time.Second // a STORE is put off no longer than this; a MESSAGE until it is cancelled

	firstPoll = 250 * time.Millisecond // a quarter of the time since the message was sent, if that is more
	maxPoll   = 5 * time.Second
	pollTries = 5 // of one poll: many follow each other, and each could end the message
)

// putOff follows an answer that only says that the request is to be sent again, after a
// pause and under the same ID. It reports false for any other answer.
func (e *Engine) putOff(r *rpc.Request, in *Inbound) bool {
	m, passed := r.Message, e.now.Sub(r.Started)
	if _, wanted := e.activities[r.Activity]; !wanted || !m.AtMostOnce() {
		return false
	}
	var pause time.Duration
	switch status := in.Message.Status; {
	case status == rpc.Later && (m.Type == rpc.AppMessage || passed < storeLater):
		pause = min(firstLater<<min(r.Pauses, 8), maxLater)
		pause -= e.jitter(pause / 2)
		r.Pauses++
		e.counters.seldom().Postponed++
	case status == rpc.Working && m.Type == rpc.AppMessage:
		m.Poll, m.Protocol, m.Payload, r.MaxTries = true, "", nil, pollTries // the peer has the rest
		pause = min(max(firstPoll, passed/4), maxPoll)
		e.counters.seldom().Polls++
	default:
		return false
	}
	r.Marks &^= proveAddress
	e.requests.Pause(e.now, r, pause)
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
// request, and so execute it twice. A poll executes nothing.
func (e *Engine) tooLate(r *rpc.Request) bool {
	return r.Message.AtMostOnce() && !r.Message.Poll && e.now.Sub(r.Sent) > rpc.MaxTryGap
}
