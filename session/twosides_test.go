package session

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// Two sides with a network of datagrams between them, which delivers them in any order,
// again, late or not at all: the world of docs/model/sessions.pml, with the tables and
// datagrams of this package in place of the model's rules. The requests follow
// docs/wire.md, section 7 ("Sending again"), as package transport does. Each step
// writes what happened in the words of the model.
type twoSides struct {
	t       fataler
	side    [2]*oneSide
	request map[int]*modelRequest // by number; those that are outstanding
	way     []*modelDatagram
	label   map[*Session]int // of the ends of a session, its number in the model
	nextID  uint64
	now     time.Time
	excused bool // something was lost, late, ended or one too many: a NOSESSION may be drawn
	deaf    time.Duration
	log     []string
}

type oneSide struct {
	node
	ids chosenIDs
}

// A modelRequest is a request of a side that has no answer yet.
type modelRequest struct {
	side, number, tries, restarts int
	initiator                     *Initiator // nil before the first contact
	under                         *Session   // of the latest try that was sealed
	tag                           Tag
	tagged, clean                 bool // clean: nothing was lost or late since it began
}

type modelDatagram struct {
	kind                Kind
	to, request, number int // number is the session's
	bytes               []byte
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// chosenIDs is a source of randomness that chooses the session IDs, which alone have 8
// bytes.
type chosenIDs struct{ next uint64 }

func (c *chosenIDs) Read(p []byte) (int, error) {
	if len(p) == 8 {
		binary.BigEndian.PutUint64(p, c.next)
		return 8, nil
	}
	return rand.Read(p)
}

// Sizes of the tables: a flood fills one of them.
const modelLive, modelHalfOpen = 24, 16

func newTwoSides(t *testing.T, f fataler) *twoSides {
	w := &twoSides{t: f, request: map[int]*modelRequest{}, label: map[*Session]int{}, now: noon}
	a, b := pair(t)
	for x, n := range []node{a, b} {
		w.side[x] = &oneSide{node: n}
		w.side[x].random = &w.side[x].ids
		w.side[x].table = NewTable(n.ID(), modelLive, modelHalfOpen)
	}
	return w
}

func (w *twoSides) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// violated ends the test: what must hold does not.
func (w *twoSides) violated(what string) {
	w.t.Helper()
	w.t.Fatalf("%s, after\n%s", what, bytes.Join(lines(w.log), []byte("\n")))
}

func lines(log []string) (out [][]byte) {
	for _, l := range log {
		out = append(out, []byte(l))
	}
	return out
}

func letter(x int) string { return "AB"[x : x+1] }

// put sends a datagram. It takes the place of an earlier copy.
func (w *twoSides) put(d *modelDatagram) {
	for i, o := range w.way {
		if o.kind == d.kind && o.request == d.request && o.number == d.number {
			w.way[i] = d
			return
		}
	}
	w.way = append(w.way, d)
}

// take finds a datagram on the way, and takes it off unless it stays as a copy.
func (w *twoSides) take(kind Kind, request, number int, stays bool) *modelDatagram {
	for i, d := range w.way {
		if d.kind == kind && d.request == request && (kind == KindFirstRequest || d.number == number) {
			if !stays {
				w.way = append(w.way[:i], w.way[i+1:]...)
			}
			return d
		}
	}
	return nil
}

// use is the session that a side sends new requests under.
func (w *twoSides) use(x int) *Session {
	s, _ := w.side[x].table.ForPeer(w.now, w.side[1-x].ID())
	return s
}

// begin makes a request. If it needs a first contact, number orders the session ID that
// the side chooses.
func (w *twoSides) begin(x, r, number int) {
	w.request[r] = &modelRequest{side: x, number: number, tries: 1, clean: true}
	w.note("begin %s %d", letter(x), r)
	w.send(r, false)
}

// send is a try of a request (wire.md, section 7).
func (w *twoSides) send(r int, fresh bool) {
	q := w.request[r]
	me, peer := w.side[q.side], w.side[1-q.side]
	if s := w.use(q.side); s != nil && !fresh {
		d, err := s.Seal(nil, KindRequest, uint64(r), typePing, 0, nil)
		if err != nil {
			w.t.Fatalf("sealing: %v", err)
		}
		q.under, q.tag, q.tagged = s, TagOf(d), true
		w.take(KindNoSession, r, w.label[s], false) // one for an earlier try counts no more
		w.put(&modelDatagram{KindRequest, 1 - q.side, r, w.label[s], d})
		w.note("%s sends %d under %d", letter(q.side), r, w.label[s])
		return
	}
	if q.initiator == nil {
		w.nextID++
		me.ids.next = uint64(q.number+1)<<32 | w.nextID
		var err error
		if q.initiator, err = me.Initiate(peer.ID(), 0, typePing, 0, uint64(r), nil); err != nil {
			w.t.Fatalf("first contact: %v", err)
		}
	}
	w.put(&modelDatagram{KindFirstRequest, 1 - q.side, r, 0, q.initiator.Datagram()})
	w.note("%s sends %d first", letter(q.side), r)
}

// again is the next try of a request, or its end.
func (w *twoSides) again(r int) {
	q := w.request[r]
	if q.tries == 3 {
		w.note("give up %d", r)
		delete(w.request, r)
		return
	}
	q.tries++
	w.note("again %s %d", letter(q.side), r)
	w.send(r, q.tries == 3)
}

// arrive hands a datagram to its receiver. A first request that makes a session gets
// the number.
func (w *twoSides) arrive(d *modelDatagram, number int) {
	switch d.kind {
	case KindFirstRequest:
		w.firstRequest(d, number)
	case KindFirstResponse:
		w.firstResponse(d)
	case KindRequest:
		w.sealedRequest(d)
	case KindResponse:
		w.sealedResponse(d)
	case KindNoSession:
		w.noSession(d)
	}
}

// answer makes a session of a first request (wire.md, sections 2 and 3): half-open, with
// the reply stored.
func (w *twoSides) answer(y int, datagram []byte) (RequestKey, *Session, []byte) {
	me := w.side[y]
	f, err := me.ParseFirstRequest(datagram)
	if err != nil {
		w.t.Fatalf("first request: %v", err)
	}
	key := f.Key(addrA)
	if state, reply := me.table.Asked(w.now, key); state == Answered {
		h, _ := me.table.half.Peek(me.table.asked[key])
		return key, h.session, reply
	}
	w.nextID++
	me.ids.next = w.nextID
	responder, err := me.Verify(&f, addrA)
	if err != nil || !me.table.Claim(w.now, responder) {
		w.t.Fatalf("first request not taken: %v", err)
	}
	reply, s, err := responder.Answer(w.now, 0, nil)
	if err != nil || !me.table.AddAnswered(w.now, responder, s, reply) {
		w.t.Fatalf("first request not answered: %v", err)
	}
	return key, s, reply
}

func (w *twoSides) firstRequest(d *modelDatagram, number int) {
	_, s, reply := w.answer(d.to, d.bytes)
	if _, known := w.label[s]; !known {
		w.label[s] = number
	}
	w.note("%s answers %d with %d", letter(d.to), d.request, w.label[s])
	w.put(&modelDatagram{KindFirstResponse, 1 - d.to, d.request, w.label[s], reply})
}

func (w *twoSides) firstResponse(d *modelDatagram) {
	q, me := w.request[d.request], w.side[d.to]
	w.note("%s completes %d with %d", letter(d.to), d.request, d.number)
	if q == nil || q.side != d.to || q.initiator == nil {
		return
	}
	f, err := me.ParseFirstResponse(d.bytes)
	if err != nil {
		w.t.Fatalf("first response: %v", err)
	}
	s, err := q.initiator.Complete(w.now, &f, addrB)
	if err != nil { // of a request that had this number before
		return
	}
	if me.table.AddInitiated(w.now, s) {
		w.label[s] = d.number
	}
	delete(w.request, d.request)
}

func (w *twoSides) sealedRequest(d *modelDatagram) {
	me := w.side[d.to]
	id, err := ReceiverOf(d.bytes)
	if err != nil {
		w.t.Fatalf("request: %v", err)
	}
	s, ok := me.table.Find(w.now, id)
	if !ok {
		w.note("%s draws NOSESSION for %d under %d", letter(d.to), d.request, d.number)
		if !w.excused {
			w.violated("a NOSESSION though nothing was lost, late or ended")
		}
		n := AppendNoSession(nil, id, TagOf(d.bytes))
		w.put(&modelDatagram{KindNoSession, 1 - d.to, d.request, d.number, n})
		return
	}
	if _, err := s.Open(bytes.Clone(d.bytes)); err != nil {
		w.note("%s drops %d under %d", letter(d.to), d.request, d.number)
		return
	}
	w.note("%s opens %d under %d", letter(d.to), d.request, d.number)
	w.confirm(me, s)
	reply, err := s.Seal(nil, KindResponse, uint64(d.request), typePing, 0, nil)
	if err != nil {
		w.t.Fatalf("sealing: %v", err)
	}
	w.put(&modelDatagram{KindResponse, 1 - d.to, d.request, d.number, reply})
}

func (w *twoSides) sealedResponse(d *modelDatagram) {
	me, q := w.side[d.to], w.request[d.request]
	w.note("%s takes the answer to %d under %d", letter(d.to), d.request, d.number)
	id, err := ReceiverOf(d.bytes)
	if err != nil {
		w.t.Fatalf("response: %v", err)
	}
	s, ok := me.table.Find(w.now, id)
	if !ok || q == nil || q.side != d.to || q.under == nil {
		return
	}
	if _, err := s.Open(bytes.Clone(d.bytes)); err != nil {
		return
	}
	w.confirm(me, s)
	delete(w.request, d.request)
}

// confirm is Table.Confirm. More than two sessions that were begun at once are too many:
// the oldest goes before its time, and what is on the way under it is lost.
func (w *twoSides) confirm(me *oneSide, s *Session) {
	before := me.table.live.Values()
	me.table.Confirm(w.now, s)
	for _, o := range before {
		if !me.table.live.Contains(o.receiveID) {
			w.spoil()
		}
	}
}

func (w *twoSides) noSession(d *modelDatagram) {
	q := w.request[d.request]
	w.note("%s has NOSESSION for %d under %d", letter(d.to), d.request, d.number)
	id, tag, err := ParseNoSession(d.bytes)
	if err != nil {
		w.t.Fatalf("NOSESSION: %v", err)
	}
	if q == nil || !q.tagged || q.tag != tag || q.under.SendID() != id || q.restarts == 3 {
		return
	}
	q.tagged = false
	q.restarts++
	w.side[d.to].table.Suspect(q.under)
	w.send(d.request, true)
}
