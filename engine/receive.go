package engine

import "time"

// Receive takes a message that arrived.
func (e *Engine) Receive(now time.Time, in *Inbound, fx []Effect) []Effect {
	e.enter(now, fx)
	recovered := !in.FirstContact && e.outage.heard(now)
	e.noteReceived(in)
	if in.Message.Response {
		e.response(in)
	} else {
		e.serve(in)
	}
	if recovered {
		e.greetSilent()
	}
	return e.leave()
}
