package transport

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// An outstandingRequest is a request of this node that has no response yet. All of it
// belongs to the locked transport. What add sets never changes, so a worker may read
// that.
type outstandingRequest struct {
	id           uint64
	to           identity.Address
	rpc          rpc.Type
	flags        uint8
	body         []byte
	socket       *socket
	underSession bool // it is never a first contact
	opensSession bool // a PING of the transport itself, which makes a session for writes

	tried        time.Time        // when the caller last asked for a try
	session      *session.Session // the one that sealed its latest sealed try
	tag          session.Tag      // of that try
	first        *firstContact    // nil unless a try was a first contact
	pendingWrite bool             // a write that waits for a session
	ambiguous    bool             // its round trip time means nothing
	refused      bool             // the system refused to send a try
	restarts     int
}

// A firstContact is the state of a request's first contact.
type firstContact struct {
	initiator *session.Initiator // nil while a worker signs it
	checking  int                // responses whose signature a worker checks
}

// An opening is a PING that makes a session, and the writes that wait for it.
type opening struct {
	ping    *outstandingRequest
	waiting []uint64 // IDs of the writes, in order
}

// outstanding is the index of this node's outstanding requests. A response is
// looked up in it before any cryptography (wire.md rule 8). It has the datagrams and
// sessions of a request's tries; the engine's table (rpc.Requests) has what the request
// is for and its timeouts, and is pure. Not safe for concurrent use.
type outstanding struct {
	most          int
	byID          map[uint64]*outstandingRequest
	byTag         map[uint64]*outstandingRequest // by the first half of the latest tag, for NOSESSION
	openings      map[identity.Address]*opening
	pendingWrites int
}

// requestPool holds the unused requests of all nodes of the process.
var requestPool = sync.Pool{New: func() any { return new(outstandingRequest) }}

func newOutstanding(most int) outstanding {
	return outstanding{
		most: most, byID: make(map[uint64]*outstandingRequest), byTag: make(map[uint64]*outstandingRequest),
		openings: make(map[identity.Address]*opening),
	}
}

// add takes in a new request; its ID must be free.
func (x *outstanding) add(r *Request, s *socket) (*outstandingRequest, error) {
	if len(x.byID) >= x.most {
		return nil, ErrBusy
	}
	req := requestPool.Get().(*outstandingRequest)
	req.id, req.to, req.rpc, req.socket = r.ID, r.To, r.Type, s
	req.flags, req.underSession = flags(r.Serves), r.UnderSession
	req.body = append(req.body[:0], r.Body...)
	x.byID[r.ID] = req
	return req, nil
}

// remove forgets a request that is over. An opening for which no other write waits
// ends too.
func (x *outstanding) remove(req *outstandingRequest) {
	delete(x.byID, req.id)
	x.untag(req)
	if req.pendingWrite {
		x.stopAwaiting(req)
	}
	if req.first != nil {
		return // a worker may still hold it
	}
	*req = outstandingRequest{body: req.body[:0]}
	requestPool.Put(req)
}

// retag remembers session and tag of the request's latest sealed try.
func (x *outstanding) retag(req *outstandingRequest, sess *session.Session, tag session.Tag) {
	x.untag(req)
	req.session, req.tag = sess, tag
	x.byTag[tagKey(tag)] = req
}

func (x *outstanding) untag(req *outstandingRequest) {
	if req.session != nil && x.byTag[tagKey(req.tag)] == req {
		delete(x.byTag, tagKey(req.tag))
	}
}

func tagKey(tag session.Tag) uint64 { return binary.BigEndian.Uint64(tag[:]) }

// matchTag is the request that a NOSESSION from the address could belong to: its
// latest try has that session ID and tag (wire.md rule 5). nil if there is none.
func (x *outstanding) matchTag(from netip.AddrPort, sessionID uint64, tag session.Tag) *outstandingRequest {
	req := x.byTag[tagKey(tag)]
	if req == nil || req.tag != tag || req.to.Endpoint != from || req.session.SendID() != sessionID {
		return nil
	}
	return req
}

// matchFirst is the request that a first response or cookie from the address could
// belong to. If there is none it says why the datagram is dropped.
func (x *outstanding) matchFirst(id uint64, from netip.AddrPort) (*outstandingRequest, reason) {
	req := x.byID[id]
	if req == nil || req.first == nil || req.first.initiator == nil {
		return nil, dropUnsolicited
	}
	if req.to.Endpoint != from {
		return nil, dropAddress
	}
	return req, notDropped
}

// matchSealed is the request that a session response from the address could belong
// to, whichever session with the peer it was sent under (wire.md, section 4). If there is
// none it says why the datagram is dropped.
func (x *outstanding) matchSealed(peer identity.ID, id uint64, from netip.AddrPort) (*outstandingRequest, reason) {
	req := x.byID[id]
	if req == nil || req.session == nil || req.to.ID != peer {
		return nil, dropUnsolicited
	}
	if req.to.Endpoint != from {
		return nil, dropAddress
	}
	return req, notDropped
}

// await makes a write wait for an opening.
func (x *outstanding) await(o *opening, req *outstandingRequest) {
	req.pendingWrite = true
	x.pendingWrites++
	o.waiting = append(o.waiting, req.id)
}

// stopAwaiting is called when a write waits no more: it is over, or was sent under a
// session that came about otherwise.
func (x *outstanding) stopAwaiting(req *outstandingRequest) {
	req.pendingWrite = false
	x.pendingWrites--
	o := x.openings[req.to]
	if o == nil {
		return
	}
	if i := slices.Index(o.waiting, req.id); i >= 0 {
		o.waiting = slices.Delete(o.waiting, i, i+1)
	}
	x.endUnused(req.to)
}

// refused marks a request of which the system refused to send a try, and with the PING of
// an opening the writes that wait for it.
func (x *outstanding) refused(id uint64) {
	req := x.byID[id]
	if req == nil {
		return
	}
	req.refused = true
	if o := x.openings[req.to]; o != nil && o.ping == req {
		for _, waiting := range o.waiting {
			x.byID[waiting].refused = true
		}
	}
}

// endUnused ends the opening with a peer if no write waits for it.
func (x *outstanding) endUnused(a identity.Address) {
	if o := x.openings[a]; len(o.waiting) == 0 {
		delete(x.openings, a)
		x.remove(o.ping)
	}
}

// takeWaiting ends the opening with a peer, since there is now a session, and returns
// the IDs of the writes that waited for it.
func (x *outstanding) takeWaiting(a identity.Address) []uint64 {
	o := x.openings[a]
	if o == nil {
		return nil
	}
	delete(x.openings, a)
	if x.byID[o.ping.id] == o.ping {
		x.remove(o.ping)
	}
	for _, id := range o.waiting {
		x.byID[id].pendingWrite = false
		x.pendingWrites--
	}
	return o.waiting
}
