package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// An owner is whose a request is: the activity that hears how it went, by number,
// and the operation it serves (0: the node's own).
type owner struct {
	activity uint64
	op       OpID
}

// nobody owns requests whose answers only matter to the table.
var nobody owner

// register adds an activity, as the owner of its requests.
func (e *Engine) register(a activity, op OpID) owner {
	if e.activities == nil {
		e.activities = make(map[uint64]activity)
	}
	e.lastActivity++
	e.activities[e.lastActivity] = a
	return owner{e.lastActivity, op}
}

// unregister ends an activity. Requests still under way go on for the table's sake.
func (e *Engine) unregister(o owner) {
	if delete(e.activities, o.activity); len(e.activities) == 0 {
		e.activities = nil // a node at rest keeps no memory for it
	}
}

// An outgoing is a request message with the memory of its tags: one allocation.
type outgoing struct {
	rpc.Message
	known [rpc.MaxTags]uint16
}

// newRequest is an empty request message with a fresh ID.
func (e *Engine) newRequest(t rpc.Type) *rpc.Message {
	var m *rpc.Message
	if n := len(e.spare); n > 0 {
		m, e.spare = e.spare[n-1], e.spare[:n-1]
		m.Reset()
	} else {
		o := new(outgoing)
		m = &o.Message
		m.Known = o.known[:0]
	}
	m.Type = t
	m.ID = e.rnd.Uint64()
	return m
}

// Marks of a request.
const (
	othersHeard  = 1 << iota // others were heard during its second try
	secondChance             // it repeats one that failed
	proveAddress             // it begins with a first contact, to prove this node's address
	underSession             // it never becomes a first contact
)

// ask sends a request and remembers it until it is answered or has failed. It
// reports false if too many are outstanding; the request has then not begun.
func (e *Engine) ask(by owner, to identity.Contact, m *rpc.Message) bool {
	return e.askMarked(by, to, m, 0)
}

func (e *Engine) askMarked(by owner, to identity.Contact, m *rpc.Message, marks uint8) bool {
	r, err := e.requests.Start(e.now, m.ID, to, m, by.activity, e.patience(to, m.Type))
	if err != nil {
		e.stats.RequestsRefused++
		e.recycle(m)
		return false
	}
	r.Marks, r.Most, r.Op = marks, e.tries(m.Type), uint64(by.op)
	e.stats.Requests[m.Type]++
	e.send(r)
	return true
}

func (e *Engine) send(r *rpc.Request) {
	r.Message.Serves = e.mode == Server
	fresh := r.LastTry() && r.Marks&underSession == 0 || r.Marks&proveAddress != 0 && r.Tries == 1
	e.emit(Effect{Kind: SendRequest, To: r.To, RequestID: r.ID, Op: OpID(r.Op), Message: r.Message, Fresh: fresh})
}

// rto is the retransmission timeout of a peer (RFC 6298), of a stranger what peers
// usually need.
func (e *Engine) rto(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c); rtt != (rpc.RTT{}) {
		return rtt.RTO()
	}
	return e.typicalRTT.Stranger()
}

// maxTransit is the most that a write to a peer is on its way: half a round trip, and
// one more if a session has to begin. For a peer that was never measured it is half a
// second at least, whatever others need: lifetimes must not grow.
func (e *Engine) maxTransit(c identity.Contact) time.Duration {
	if rtt := e.rtts.of(c).Smoothed(); rtt > 0 {
		return 2 * rtt
	}
	return max(e.rto(c), rpc.Store.Patience())
}

// patience is how long to wait for an answer before the request is sent again.
func (e *Engine) patience(to identity.Contact, t rpc.Type) time.Duration {
	return max(e.rto(to), t.Patience())
}

// recycle keeps a message's memory for the next request. A node at rest, as most
// of a process are at a time, keeps none.
func (e *Engine) recycle(m *rpc.Message) {
	const maxSpare = 8
	if e.requests.Len() == 0 {
		e.spare = nil
		return
	}
	if e.spare == nil {
		e.spare = make([]*rpc.Message, 0, maxSpare)
	}
	if len(e.spare) < maxSpare {
		e.spare = append(e.spare, m)
	}
}

// response takes an answer: to the request's activity, and to the table.
func (e *Engine) response(in *Inbound) {
	r, ok := e.requests.Answered(in.Message.ID)
	if !ok {
		e.stats.Unsolicited++
		return
	}
	// Karn's rule, RFC 6298 section 3; and a write's time is not the network's.
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

// prove repeats a write that was refused because this node's address has changed
// since its session began: a new first contact proves it. Once only.
func (e *Engine) prove(r *rpc.Request) bool {
	if r.Marks&proveAddress != 0 || e.requests.Len() >= rpc.MaxOutstanding {
		return false
	}
	m := r.Message
	m.ID = e.rnd.Uint64() // the first ID's answer is remembered
	if s, ok := e.activities[r.Owner].(*singleRequest); ok && s.message != 0 {
		s.message = m.ID
	}
	return e.askMarked(owner{r.Owner, OpID(r.Op)}, r.To, m, proveAddress)
}

// expireRequests repeats or gives up the requests whose timeout has passed: at
// most Request.Most sends in all (design, section 3).
func (e *Engine) expireRequests() {
	for {
		r, ok := e.requests.Expired(e.now)
		if !ok {
			return
		}
		e.outage.overran(e, r)
		if r.LastTry() {
			e.requests.Drop(r.ID)
			e.emit(Effect{Kind: ForgetRequest, RequestID: r.ID})
			e.giveUp(r, true)
			continue
		}
		first := r.Tries == 1
		shorten(r.Message, e.now.Sub(r.Sent))
		e.requests.Retry(e.now, r, e.patience(r.To, r.Message.Type))
		e.stats.Retransmissions++
		e.send(r)
		if a, ok := e.activities[r.Owner]; ok && first {
			a.overran(r)
		}
	}
}

// Unreachable tells the engine that the driver cannot send a request at all. The
// request has failed, which is not held against the peer.
func (e *Engine) Unreachable(now time.Time, requestID uint64, fx []Effect) []Effect {
	e.enter(now, fx)
	if r, ok := e.requests.Answered(requestID); ok {
		e.stats.Unreachable++
		e.giveUp(r, false)
	}
	return e.leave()
}

func (e *Engine) giveUp(r *rpc.Request, count bool) {
	e.stats.Timeouts++
	if count && e.outage.counts(r) {
		e.retries.note(&e.retries.lost)
		if r.Most < rpc.MaxTries && e.table.Doubt(r.To) {
			e.suspect(r.To)
		} else {
			e.contactFailed(r.To)
		}
		if e.rtts.knows(r.To) && r.Message.Type.IsRead() { // gone, or slower than it was
			rtt := e.rtts.of(r.To)
			rtt.BackOff()
			e.rtts.set(r.To, rtt)
		}
	} else {
		e.suspect(r.To) // nothing was learnt: one in doubt is asked again
	}
	if a, ok := e.activities[r.Owner]; ok {
		a.failed(r)
	}
	e.recycle(r.Message)
}

// shorten keeps what a write says of a remaining lifetime true on a later try.
func shorten(m *rpc.Message, passed time.Duration) {
	if m.Record != nil {
		m.Record.TTL = max(0, m.Record.TTL-passed)
	}
	if m.Provider != nil {
		m.Provider.TTL = max(0, m.Provider.TTL-passed)
	}
}
