package rpc

import (
	"container/heap"
	"errors"
	"time"

	"kadmium/identity"
)

// Limits of a node's own requests.
const (
	MaxTries       = 3    // times that a request is sent (design R3.12)
	MaxOutstanding = 4096 // outstanding requests (design R8.4); a lookup has about 3
)

// Errors of Requests.Start.
var (
	// ErrTooMany reports that MaxOutstanding requests are outstanding.
	ErrTooMany = errors.New("too many requests are under way")
	// ErrIDInUse reports a request ID that another request has.
	ErrIDInUse = errors.New("the request ID is in use")
)

// A Request is an outstanding request. Activity is a number that the caller chose; Marks,
// Op, Pauses and Unanswered are for the caller's use.
type Request struct {
	ID       uint64
	To       identity.Contact
	Marks    uint8
	Message  *Message
	Activity uint64
	Op       uint64
	Tries    int       // times it was sent, 1 to MaxTries; after a pause anew
	MaxTries int       // times it is sent at most: the constant MaxTries, unless the caller sets less
	Started  time.Time // when it was first sent
	Sent     time.Time // when it was last sent
	Deadline time.Time // when to send it again, or to give up

	Paused     bool // it was put off by an answer, and Resume is to follow at Deadline
	Pauses     int
	Unanswered int // sends without an answer

	place int32    // in the heap
	turn  uint64   // of sending, for equal deadlines
	next  *Request // in the index
}

// LastTry reports whether the request must not be sent again.
func (r *Request) LastTry() bool { return r.Tries >= r.MaxTries }

// Requests is the engine's table of one node's outstanding requests, at most
// MaxOutstanding: which activity each serves, and when to send it again. Package
// transport has a table of its own for what the engine does not see: the datagrams and
// sessions of each try. The zero value is ready to use. Not safe for concurrent use.
type Requests struct {
	*outstanding        // nil: there are none
	turns        uint64 // sends so far
}

// outstanding are requests by ID and by deadline, with memory for the first.
type outstanding struct {
	byID  index
	due   deadlines
	first struct {
		byID [fewRequests]*Request
		due  [fewRequests]*Request
	}
}

// fewRequests is how many of a node's requests are outstanding at most times, a power of
// two.
const fewRequests = 8

// Start adds a request that is sent now, to be answered within rto. Its error is
// ErrTooMany or ErrIDInUse.
func (q *Requests) Start(now time.Time, id uint64, to identity.Contact, m *Message, activity uint64, rto time.Duration) (*Request, error) {
	if q.Len() >= MaxOutstanding {
		return nil, ErrTooMany
	}
	if q.outstanding != nil && q.byID.find(id) != nil {
		return nil, ErrIDInUse
	}
	r := &Request{
		ID: id, To: to, Message: m, Activity: activity,
		Tries: 1, MaxTries: MaxTries, Started: now, Sent: now, Deadline: now.Add(rto), turn: q.turns,
	}
	q.turns++
	q.put(r)
	return r, nil
}

func (q *Requests) put(r *Request) {
	if o := q.outstanding; o == nil {
		o = new(outstanding)
		o.byID, o.due = o.first.byID[:], o.first.due[:0]
		q.outstanding = o
	}
	heap.Push(&q.due, r)
	q.byID.add(r, len(q.due))
}

// Pause puts back a request that Answered has just returned: its answer was that it is to
// be sent again, which is due after the pause.
func (q *Requests) Pause(now time.Time, r *Request, pause time.Duration) {
	r.Paused, r.Tries, r.Deadline, r.turn = true, 0, now.Add(pause), q.turns
	q.turns++
	q.put(r)
}

// Resume notes that a paused request is sent now, with all its tries before it.
func (q *Requests) Resume(now time.Time, r *Request, rto time.Duration) {
	r.Paused, r.Tries, r.Sent, r.Deadline, r.turn = false, 1, now, now.Add(rto), q.turns
	q.turns++
	heap.Fix(&q.due, int(r.place))
}

// Answered removes and returns the request that was answered, and whether there is one.
func (q *Requests) Answered(id uint64) (*Request, bool) {
	if q.outstanding == nil {
		return nil, false
	}
	r := q.byID.take(id)
	if r == nil {
		return nil, false
	}
	q.removeDue(r)
	return r, true
}

// Expired is the request with the earliest deadline, if that has passed. The caller
// must Retry, Resume or Drop it before it asks for the next.
func (q *Requests) Expired(now time.Time) (*Request, bool) {
	if q.outstanding == nil || q.due[0].Deadline.After(now) {
		return nil, false
	}
	return q.due[0], true
}

// Retry notes that the outstanding request is sent again now. rto is the peer's
// timeout by its RTT: Retry doubles it for each earlier try. It changes nothing and
// returns false if the request has used up its tries.
func (q *Requests) Retry(now time.Time, r *Request, rto time.Duration) bool {
	if r.LastTry() {
		return false
	}
	r.Tries++
	r.Sent, r.Deadline, r.turn = now, now.Add(backoff(rto, r.Tries)), q.turns
	q.turns++
	heap.Fix(&q.due, int(r.place))
	return true
}

// Drop forgets a request, if there is one with the ID.
func (q *Requests) Drop(id uint64) {
	if q.outstanding == nil {
		return
	}
	if r := q.byID.take(id); r != nil {
		q.removeDue(r)
	}
}

// removeDue removes a request from the heap. With the last one the memory is freed:
// at any time most nodes of a process have no request outstanding.
func (q *Requests) removeDue(r *Request) {
	heap.Remove(&q.due, int(r.place))
	if len(q.due) == 0 {
		q.outstanding = nil
	}
}

// Next returns the first deadline, and whether anything is outstanding.
func (q *Requests) Next() (time.Time, bool) {
	if q.outstanding == nil {
		return time.Time{}, false
	}
	return q.due[0].Deadline, true
}

// Len is the number of requests outstanding.
func (q *Requests) Len() int {
	if q.outstanding == nil {
		return 0
	}
	return len(q.due)
}

// Each calls f with every outstanding request, in an order that depends only on the
// calls made so far. f must not change the table.
func (q *Requests) Each(f func(*Request)) {
	if q.outstanding == nil {
		return
	}
	for _, r := range q.due {
		f(r)
	}
}

// An index finds requests by ID. It is a hash table with chaining; IDs are random, so
// the ID is its own hash. Its size is a power of two. A lookup has few outstanding
// requests, and for few a map is slower and ten times as large.
type index []*Request

func (x index) chain(id uint64) **Request { return &x[id&uint64(len(x)-1)] }

func (x index) find(id uint64) *Request {
	r := *x.chain(id)
	for r != nil && r.ID != id {
		r = r.next
	}
	return r
}

// add inserts a request; n is the number of requests with it.
func (x *index) add(r *Request, n int) {
	if n > len(*x) {
		old := *x
		*x = make(index, 2*len(old))
		for _, r := range old {
			for r != nil {
				next := r.next
				x.push(r)
				r = next
			}
		}
	}
	x.push(r)
}

func (x index) push(r *Request) {
	head := x.chain(r.ID)
	r.next, *head = *head, r
}

// take removes the request with the ID; nil if there is none.
func (x index) take(id uint64) *Request {
	at := x.chain(id)
	for *at != nil && (*at).ID != id {
		at = &(*at).next
	}
	r := *at
	if r != nil {
		*at, r.next = r.next, nil
	}
	return r
}

// deadlines is a heap (container/heap), the earliest deadline on top; of equal ones
// that of the request that was sent first.
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
	d[i].place, d[j].place = int32(i), int32(j)
}

func (d *deadlines) Push(x any) {
	r := x.(*Request)
	r.place = int32(len(*d))
	*d = append(*d, r)
}

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return r
}
