package kadmium

import (
	"kadmium/transport"
)

// maxReplies bounds the requests whose answers wait for the disk or a handler;
// beyond it the oldest goes without.
const maxReplies = 4096

// replies knows where the answers to requests go, by the token that the engine
// gets. The zero value is ready to use; n.mu guards it.
type replies struct {
	last    uint64            // token given out
	current uint64            // of the request being received, which most are answered within; 0: none
	to      transport.ReplyTo // of current
	waiting map[uint64]transport.ReplyTo
	oldest  uint64 // no token under it waits
}

// receive gives out a token for a request.
func (r *replies) receive(to transport.ReplyTo) (token uint64) {
	r.last++
	r.current, r.to = r.last, to
	return r.last
}

// received puts the request away if it has not been answered.
func (r *replies) received() {
	if r.current == 0 {
		return
	}
	if r.waiting == nil {
		r.waiting = make(map[uint64]transport.ReplyTo)
	}
	if len(r.waiting) == 0 {
		r.oldest = r.current
	}
	for len(r.waiting) >= maxReplies { // tokens count up
		delete(r.waiting, r.oldest)
		r.oldest++
	}
	r.waiting[r.current] = r.to
	r.current = 0
}

// take is where an answer goes; it is given out once.
func (r *replies) take(token uint64) (transport.ReplyTo, bool) {
	if token == r.current {
		r.current = 0
		return r.to, true
	}
	to, ok := r.waiting[token]
	delete(r.waiting, token)
	return to, ok
}
