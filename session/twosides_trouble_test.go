package session

import (
	"encoding/binary"
	"fmt"
	"time"
)

// What happens to the two sides: time that passes, datagrams that are lost or late, full
// tables, restarts.

// spoil notes that a datagram was lost or is late.
func (w *twoSides) spoil() {
	w.excused = true
	for _, q := range w.request {
		q.clean = false
	}
}

// listen is called before time passes. Two sides that hold sessions and ask are not
// deaf to each other for longer than OldLife.
func (w *twoSides) listen(pause time.Duration) {
	a, b := w.use(0), w.use(1)
	if a == nil || b == nil {
		w.deaf = 0
		return
	}
	_, hearsA := w.side[1].table.Find(w.now, a.SendID())
	_, hearsB := w.side[0].table.Find(w.now, b.SendID())
	if hearsA || hearsB {
		w.deaf = 0
		return
	}
	if len(w.request) > 0 {
		w.deaf += pause
	}
	if w.deaf > OldLife+2*pause {
		w.violated("neither side opens what the other sends for longer than 30 s")
	}
}

// pass lets time pass. What is on the way then is late.
func (w *twoSides) pass(pause time.Duration) {
	w.listen(pause)
	if len(w.way) > 0 {
		w.spoil()
	}
	for r, q := range w.request {
		if q.clean {
			w.violated(fmt.Sprintf("request %d has no answer though nothing was lost or late", r))
		}
	}
	w.now = w.now.Add(pause)
}

func (w *twoSides) restart(x int) {
	w.note("restart %s", letter(x))
	w.excused = true
	w.side[x].table = NewTable(w.side[x].ID(), modelLive, modelHalfOpen)
	for r, q := range w.request {
		if q.side == x {
			delete(w.request, r)
		}
	}
}

func (w *twoSides) rekey(x int) {
	w.note("rekey %s", letter(x))
	w.excused = true
	w.side[x].table.Rekey(w.now)
}

// evict has the sessions of others take all places of a side's table.
func (w *twoSides) evict(x int) {
	w.note("evict %s", letter(x))
	w.spoil()
	for range modelLive {
		w.nextID++
		w.side[x].table.AddInitiated(w.now, &Session{peer: [32]byte{9, 9}, receiveID: w.nextID, made: w.now.UnixNano(), initiated: true})
	}
}

// flood has half-open sessions of others take all places there are for them.
func (w *twoSides) flood(x int) {
	w.note("flood %s", letter(x))
	table := w.side[x].table
	for _, id := range table.half.Keys() {
		if h, _ := table.half.Peek(id); h.session != nil && h.session.peer == w.side[1-x].ID() {
			w.excused = true // its first contact has to be made again
		}
	}
	for range modelHalfOpen {
		w.nextID++
		r := &Responder{receiveID: w.nextID}
		binary.BigEndian.PutUint64(r.key.hash[:], w.nextID)
		if !table.Claim(w.now, r) || !table.AddAnswered(w.now, r, &Session{receiveID: r.receiveID, made: w.now.UnixNano()}, nil) {
			w.t.Fatalf("flood refused")
		}
	}
}

// replay has somebody send an old first request of the other side again.
func (w *twoSides) replay(x, number int) {
	peer := w.side[1-x]
	w.nextID++
	peer.ids.next = uint64(number+1)<<32 | w.nextID
	i, err := peer.Initiate(w.side[x].ID(), 0, typePing, 0, 999, nil)
	if err != nil {
		w.t.Fatalf("first contact: %v", err)
	}
	_, s, _ := w.answer(x, i.Datagram())
	w.label[s] = number
	w.note("replay %s %d", letter(x), number)
}

// settle delivers what is on the way until nothing is, and then has both sides ask: each
// is answered.
func (w *twoSides) settle() {
	for range 4 {
		for n := 0; len(w.way) > 0; n++ {
			if n > 1000 {
				w.violated("datagrams without end")
			}
			d := w.way[0]
			w.way = w.way[1:]
			w.arrive(d, 900+n)
		}
		w.pass(700 * time.Millisecond)
		for r := range w.request {
			w.again(r)
		}
	}
	for x := range w.side {
		r := 900 + x
		w.begin(x, r, r)
		for len(w.way) > 0 {
			d := w.way[0]
			w.way = w.way[1:]
			w.arrive(d, 900)
		}
		if w.request[r] != nil {
			w.violated("a side is not answered in the end")
		}
	}
}
