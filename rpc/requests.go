package rpc

import (
	"container/heap"
	"errors"
	"time"

	"kadmium/identity"
)

// Limits of a node's own requests.
const (
	MaxTries       = 3    // times that a request is sent (design, section 3)
	MaxOutstanding = 4096 // requests under way; a lookup has about 3
)

// Errors of Requests.Start.
var (
	// ErrTooMany reports that MaxOutstanding requests are under way.
	ErrTooMany = errors.New("too many requests are under way")
	// ErrIDInUse reports a request ID that another request has.
	ErrIDInUse = errors.New("the request ID is in use")
)

// A Request is one that has not been answered. Its owner is whatever the caller
// numbers so; Step is the owner's to use.
type Request struct {
	ID       uint64
	To       identity.Contact
	Message  *Message
	Owner    uint64
	Step     uint8
	Tries    int       // times it was sent, 1 to Most
	Most     int       // times it is sent at most, MaxTries unless the owner says less
	Started  time.Time // when it was first sent
	Sent     time.Time // when it was last sent
	Deadline time.Time // when to send it again, or to give up

	place int    // in the heap
	turn  uint64 // of sending, for equal deadlines
}

// LastTry reports whether the request must not be sent again.
func (r *Request) LastTry() bool { return r.Tries >= r.Most }

// Requests are the outstanding requests of one node, at most MaxOutstanding. The
// zero value is ready to use. Not safe for concurrent use.
type Requests struct {
	byID  map[uint64]*Request
	due   deadlines
	turns uint64 // sends so far
}

// Start adds a request that is sent now, to be answered within rto. Its error is
// ErrTooMany or ErrIDInUse.
func (q *Requests) Start(now time.Time, id uint64, to identity.Contact, m *Message, owner uint64, rto time.Duration) (*Request, error) {
	if len(q.due) >= MaxOutstanding {
		return nil, ErrTooMany
	}
	if _, taken := q.byID[id]; taken {
		return nil, ErrIDInUse
	}
	if q.byID == nil {
		q.byID = make(map[uint64]*Request)
	}
	r := &Request{
		ID: id, To: to, Message: m, Owner: owner,
		Tries: 1, Most: MaxTries, Started: now, Sent: now, Deadline: now.Add(rto), turn: q.turns,
	}
	q.turns++
	q.byID[id] = r
	heap.Push(&q.due, r)
	return r, nil
}

// Answered takes out the request that was answered; false if there is none.
func (q *Requests) Answered(id uint64) (*Request, bool) {
	r, ok := q.byID[id]
	if ok {
		q.Drop(id)
	}
	return r, ok
}

// Expired is the request whose deadline came first, if any has come by now. The
// caller must Retry or Drop it before it asks for the next.
func (q *Requests) Expired(now time.Time) (*Request, bool) {
	if len(q.due) == 0 || q.due[0].Deadline.After(now) {
		return nil, false
	}
	return q.due[0], true
}

// Retry notes that the request, an outstanding one, is sent again now. rto is the
// peer's timeout as RTT has it: Retry doubles it for each try before. False, and
// nothing changes, if the request has used up its tries.
func (q *Requests) Retry(now time.Time, r *Request, rto time.Duration) bool {
	if r.LastTry() {
		return false
	}
	r.Tries++
	r.Sent, r.Deadline, r.turn = now, now.Add(backoff(rto, r.Tries)), q.turns
	q.turns++
	heap.Fix(&q.due, r.place)
	return true
}

// Drop forgets a request, if there is one with the ID.
func (q *Requests) Drop(id uint64) {
	if r, ok := q.byID[id]; ok {
		delete(q.byID, id)
		heap.Remove(&q.due, r.place)
	}
}

// Next is the first deadline, false if nothing is outstanding.
func (q *Requests) Next() (time.Time, bool) {
	if len(q.due) == 0 {
		return time.Time{}, false
	}
	return q.due[0].Deadline, true
}

// Len is the number of requests outstanding.
func (q *Requests) Len() int { return len(q.due) }

// Each calls f with every outstanding request, in an order that the calls so far
// determine. f must not change the table.
func (q *Requests) Each(f func(*Request)) {
	for _, r := range q.due {
		f(r)
	}
}

// deadlines is a heap (container/heap), the first deadline on top; of equal ones
// that of the request sent first.
type deadlines []*Request

func (d deadlines) Len() int { return len(d) }

func (d deadlines) Less(i, j int) bool {
	if c := d[i].Deadline.Compare(d[j].Deadline); c != 0 {
		return c < 0
	}
	return d[i].turn < d[j].turn
}

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i, j
}

func (d *deadlines) Push(x any) {
	r := x.(*Request)
	r.place = len(*d)
	*d = append(*d, r)
}

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return r
}
