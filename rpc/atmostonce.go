package rpc

import "time"

// How long is waited and remembered for requests that run at most once (wire.md, section 4).
const (
	RememberFor = 30 * time.Second // by the receiver, after its answer or the last try
	MaxTryGap   = 20 * time.Second // the sender sends no try later than this after the one before

	WorkingAfter = 500 * time.Millisecond // a try of a MESSAGE is answered Working, if nothing else comes
	HandlerTime  = 10 * time.Minute       // a handler has this long; then the message has failed
)

// AtMostOnce reports whether a request must not be executed twice: a MESSAGE, or a STORE
// with compare-and-swap. Other writes have the same effect however often they come.
func (m *Message) AtMostOnce() bool { return m.Type == AppMessage || m.Type == Store && m.CAS }
