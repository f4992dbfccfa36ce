package transport

import (
	"encoding/binary"
	"net/netip"
	"sync"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// Bounds on one outstanding request.
const (
	maxRestarts = 3 // by COOKIE and NOSESSION: each costs a datagram
	maxChecking = 2 // responses whose signature is being checked at one time
)

// A call is one outstanding request of ours. All of it belongs to the locked
// transport, but what add sets never changes, so that a worker may read that.
type call struct {
	id     uint64
	to     identity.Address
	rpc    rpc.Type
	flags  uint8
	body   []byte
	socket *socket
	opener bool // a PING of the transport's own, which makes a session for writes

	live      *session.Session // what its latest sealed try was sealed under
	tag       session.Tag      // of that try
	first     *firstTry        // set once it is a first contact
	waits     bool             // a write that waits for a session
	ambiguous bool
	restarts  int
}

// A firstTry is a call's first contact.
type firstTry struct {
	initiator *session.Initiator // nil while it is being signed
	checking  int
}

// calls is the index of outstanding requests: a response is looked up here before
// any cryptography. Not safe for concurrent use.
type calls struct {
	most    int
	byID    map[uint64]*call
	byTag   map[uint64]*call // by the first half of their latest tag, for NOSESSION
	opening map[identity.Address]*opening
	waits   int
}

// An opening is a first contact made only to have a session for writes.
type opening struct {
	ping    *call
	waiting []uint64 // IDs of the writes, in order
}

// spare calls, of all nodes of the process.
var spare = sync.Pool{New: func() any { return new(call) }}

func newCalls(most int) calls {
	return calls{
		most: most, byID: make(map[uint64]*call), byTag: make(map[uint64]*call),
		opening: make(map[identity.Address]*opening),
	}
}

// add takes in a new request; its ID must be free.
func (x *calls) add(r *Request, s *socket) (*call, error) {
	if len(x.byID) >= x.most {
		return nil, ErrBusy
	}
	c := spare.Get().(*call)
	c.id, c.to, c.rpc, c.socket = r.ID, r.To, r.Type, s
	c.flags = flags(r.Serves)
	c.body = append(c.body[:0], r.Body...)
	x.byID[r.ID] = c
	return c, nil
}

// remove forgets a request that is over, and the opening nobody else waits for.
func (x *calls) remove(c *call) {
	delete(x.byID, c.id)
	x.untag(c)
	if c.waits {
		x.leave(c)
	}
	if c.first != nil {
		return // a worker may still hold it
	}
	*c = call{body: c.body[:0]}
	spare.Put(c)
}

// retag remembers the tag of the call's latest sealed try.
func (x *calls) retag(c *call, live *session.Session, tag session.Tag) {
	x.untag(c)
	c.live, c.tag = live, tag
	x.byTag[tagKey(tag)] = c
}

func (x *calls) untag(c *call) {
	if c.live != nil && x.byTag[tagKey(c.tag)] == c {
		delete(x.byTag, tagKey(c.tag))
	}
}

func tagKey(tag session.Tag) uint64 { return binary.BigEndian.Uint64(tag[:]) }

// tagged is the call whose latest try under that session ID to that address has
// the tag, if there is one.
func (x *calls) tagged(from netip.AddrPort, sessionID uint64, tag session.Tag) *call {
	c := x.byTag[tagKey(tag)]
	if c == nil || c.tag != tag || c.to.Endpoint != from || c.live.SendID() != sessionID {
		return nil
	}
	return c
}

// join has a write wait for an opening.
func (x *calls) join(o *opening, c *call) {
	c.waits = true
	x.waits++
	o.waiting = append(o.waiting, c.id)
}

func (x *calls) leave(c *call) {
	c.waits = false
	x.waits--
	o := x.opening[c.to]
	if o == nil {
		return
	}
	for i, id := range o.waiting {
		if id == c.id {
			o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
			break
		}
	}
	x.abandon(c.to)
}

// abandon ends an opening that nobody waits for.
func (x *calls) abandon(a identity.Address) {
	if o := x.opening[a]; len(o.waiting) == 0 {
		delete(x.opening, a)
		x.remove(o.ping)
	}
}

// opened ends the opening with a peer that there is now a session with, and is
// the IDs of the writes that waited for it.
func (x *calls) opened(a identity.Address) []uint64 {
	o := x.opening[a]
	if o == nil {
		return nil
	}
	delete(x.opening, a)
	if x.byID[o.ping.id] == o.ping {
		x.remove(o.ping)
	}
	for _, id := range o.waiting {
		x.byID[id].waits = false
		x.waits--
	}
	return o.waiting
}

func flags(serves bool) uint8 {
	if serves {
		return session.FlagServes
	}
	return 0
}
