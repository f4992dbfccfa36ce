package driver

import (
	"kadmium/transport"
)

// maxPendingReplies bounds the requests whose replies wait for the disk
// (design R8.7). Beyond it the oldest gets no reply.
const maxPendingReplies = 4096

// pendingReplies knows where the replies to requests go, by the token that the engine
// gets. The zero value is ready to use; d.mu guards it.
type pendingReplies struct {
	last    uint64            // token given out
	current uint64            // of the request being received, which most are answered within; 0: none
	to      transport.ReplyTo // of current
	waiting map[uint64]transport.ReplyTo
	oldest  uint64 // no token below it waits
}

// newToken gives out a token whose reply the caller keeps.
func (p *pendingReplies) newToken() uint64 {
	p.last++
	return p.last
}

// begin gives out the token of a request that is being received.
func (p *pendingReplies) begin(to transport.ReplyTo) (token uint64) {
	p.current, p.to = p.newToken(), to
	return p.current
}

// keep keeps the request that was being received, if it has not been answered.
func (p *pendingReplies) keep() {
	if p.current == 0 {
		return
	}
	if p.waiting == nil {
		p.waiting = make(map[uint64]transport.ReplyTo)
	}
	if len(p.waiting) == 0 {
		p.oldest = p.current
	}
	for len(p.waiting) >= maxPendingReplies { // tokens count up
		delete(p.waiting, p.oldest)
		p.oldest++
	}
	p.waiting[p.current] = p.to
	p.current = 0
}

// take is where a reply goes; it is given out once.
func (p *pendingReplies) take(token uint64) (transport.ReplyTo, bool) {
	if token == p.current {
		p.current = 0
		return p.to, true
	}
	to, ok := p.waiting[token]
	delete(p.waiting, token)
	return to, ok
}
