package sim

import (
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// An exchange carries datagrams from one shard of a network to the others. What is sent in
// one window arrives in a later one, so no shard reads what another is writing: the boxes
// of the present window are written to, those of the window before are read from.
type exchange struct {
	index    int           // of the shard
	boxes    [2][][]event  // arrivals, by the window's parity and the destination's shard
	parity   int           // of the present window
	earliest time.Duration // of the arrivals in the boxes of the present window
}

func newExchange(index, shards int) *exchange {
	x := &exchange{index: index, earliest: never}
	for parity := range x.boxes {
		x.boxes[parity] = make([][]event, shards)
	}
	return x
}

// shardOf is the shard of a node.
func shardOf(c identity.Contact, shards int) int { return int(c) % shards }

// post puts an arrival into the queue of the destination's shard.
func (w *world) post(to identity.Contact, e event) {
	if x := w.exchange; x != nil {
		boxes := x.boxes[x.parity]
		if of := shardOf(to, len(boxes)); of != x.index {
			boxes[of] = append(boxes[of], e)
			x.earliest = min(x.earliest, e.at)
			return
		}
	}
	w.queue.put(e)
}

// collect takes what the shards have sent to this one in the window before, and empties its
// own boxes for this window.
func (w *world) collect(shards []*world, parity int) {
	x := w.exchange
	x.parity, x.earliest = parity, never
	for i := range x.boxes[parity] {
		clear(x.boxes[parity][i])
		x.boxes[parity][i] = x.boxes[parity][i][:0]
	}
	for _, other := range shards {
		for _, e := range other.exchange.boxes[1-parity][x.index] {
			w.queue.put(e)
		}
	}
}

// last is the sender of events that come after all arrivals of their time.
const last = identity.Contact(1<<32 - 1)

// turn is the turn of an event: in a network it depends on the sender and on how many it
// sent before, and not on the number of shards; otherwise events keep their order.
func (w *world) turn(from identity.Contact, number uint32) uint64 {
	if w.exchange == nil {
		w.turns++
		return w.turns
	}
	return uint64(from)<<32 | uint64(number)
}

// A note is something that has happened to a node in a window, and that the workload is
// told when the window is over.
type note struct {
	at        time.Duration
	node      *node
	up, down  bool           // the node came up, or went down
	operation *operation     // that ended; or nil
	result    *engine.Result // of the operation; nil: its node went down before the end
}

func (w *world) note(n *node, what note) {
	what.at, what.node = w.now, n
	w.notes = append(w.notes, what)
}

// A charge is the bytes that a datagram adds to the operation that caused it.
type charge struct {
	at        time.Duration
	operation *operation
	bytes     int
}

// charge adds a datagram to its operation. Nodes of several shards send for one operation,
// so in a network the bytes are added when the window is over.
func (w *world) charge(o *operation, bytes int) {
	if w.exchange == nil {
		o.bytes += uint64(bytes)
		return
	}
	w.charges = append(w.charges, charge{w.now, o, bytes})
}
