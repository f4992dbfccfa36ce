package driver

import (
	"bytes"
	"container/list"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
)

// Bounds of the memory of writes (design R8.6).
const (
	maxRemembered      = 4096               // the answer of each has less than 1,232 bytes
	maxRememberedShare = maxRemembered / 16 // of one subnet, or of one peer at local addresses
)

// atMostOnce is the memory that prevents a MESSAGE or a compare-and-swap from being
// executed twice (wire.md, section 4). It knows them by sender and request ID, across
// sessions: those that are being executed, and the others with their answers. None is
// displaced by another: where there is no place a new one is not executed. The zero value
// is ready to use; d.mu guards it.
type atMostOnce struct {
	writes  map[writeKey]*onceWrite
	running map[uint64]*onceWrite     // by token: those being executed
	over    list.List                 // *onceWrite: those answered, the one to be forgotten next first
	shares  map[identity.NetGroup]int // places taken
	refused uint64                    // writes that found no place
}

type writeKey struct {
	peer identity.ID
	id   uint64 // of the request
}

// A onceWrite is a write in the memory.
type onceWrite struct {
	key      writeKey
	group    identity.NetGroup
	token    uint64            // of its reply
	held     transport.ReplyTo // where its answer goes: to its latest try
	holds    bool              // that try has had no reply
	holdings int               // tries held so far

	stopHolding func() bool   // of the timer that ends the hold of a MESSAGE's try; nil: not set
	over        *list.Element // nil while it is being executed
	until       time.Time     // over: when it is forgotten
	serves      bool
	body        []byte // the answer
}

// find is the write, if it is remembered. One that is over is then remembered for longer:
// another try came.
func (a *atMostOnce) find(now time.Time, k writeKey) *onceWrite {
	a.expire(now)
	w := a.writes[k]
	if w != nil && w.over != nil {
		w.until = now.Add(rpc.RememberFor)
		a.over.MoveToBack(w.over)
	}
	return w
}

// begin remembers a new write, which is now being executed. nil: there is no place.
func (a *atMostOnce) begin(k writeKey, group identity.NetGroup, token uint64) *onceWrite {
	if len(a.writes) >= maxRemembered || a.shares[group] >= maxRememberedShare {
		a.refused++
		return nil
	}
	if a.writes == nil {
		a.writes, a.running, a.shares = make(map[writeKey]*onceWrite), make(map[uint64]*onceWrite), make(map[identity.NetGroup]int)
	}
	w := &onceWrite{key: k, group: group, token: token}
	a.writes[k], a.running[token] = w, w
	a.shares[group]++
	return w
}

// finish remembers the answer of a write that was being executed.
func (a *atMostOnce) finish(now time.Time, w *onceWrite, serves bool, body []byte) {
	delete(a.running, w.token)
	w.serves, w.body = serves, bytes.Clone(body)
	w.until = now.Add(rpc.RememberFor)
	w.over = a.over.PushBack(w)
}

// settle forgets writes of a peer that are over, and of which it says that no datagram is
// under way any more.
func (a *atMostOnce) settle(peer identity.ID, ids []uint64) {
	for _, id := range ids {
		if w := a.writes[writeKey{peer, id}]; w != nil && w.over != nil {
			a.forget(w)
		}
	}
}

func (a *atMostOnce) expire(now time.Time) {
	for e := a.over.Front(); e != nil; e = a.over.Front() {
		w := e.Value.(*onceWrite)
		if now.Before(w.until) {
			return
		}
		a.forget(w)
	}
}

// forget forgets a write, which is over or was not executed.
func (a *atMostOnce) forget(w *onceWrite) {
	if w.over != nil {
		a.over.Remove(w.over)
	} else {
		delete(a.running, w.token)
	}
	delete(a.writes, w.key)
	if a.shares[w.group]--; a.shares[w.group] == 0 {
		delete(a.shares, w.group)
	}
}
