package transport

import (
	"slices"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// Bounds of the remembered answers, beside limits.answers (design R8.6).
const (
	maxAnswerBytes   = 1 << 20 // bytes of bodies
	maxAnswersOfPeer = 512     // writes of one peer: a flood of them pushes out its own
)

// atMostOnce prevents a write from being executed twice (wire.md, section 4, and rule 3).
// It remembers by peer and request ID, across sessions, which writes are being
// worked on and how the others were answered. When it is full the oldest go first: a
// retry comes within seconds. Not safe for concurrent use.
type atMostOnce struct {
	most   int
	bytes  int
	cache  *simplelru.LRU[writeKey, *rememberedReply] // nil until the first write
	byPeer map[identity.ID][]uint64                   // IDs of each peer's, oldest first
}

type writeKey struct {
	peer identity.ID
	id   uint64
}

// A rememberedReply is the reply to a write, or with done false a write that is being
// worked on.
type rememberedReply struct {
	done   bool
	serves bool
	body   []byte
}

// begin returns what is known of a write. nil means that it is new: from now on it is
// being worked on.
func (a *atMostOnce) begin(k writeKey) *rememberedReply {
	if a.cache == nil {
		a.cache, _ = simplelru.NewLRU(a.most, a.removed) // most is positive
		a.byPeer = make(map[identity.ID][]uint64)
	}
	if known, ok := a.cache.Get(k); ok {
		return known
	}
	if ids := a.byPeer[k.peer]; len(ids) >= maxAnswersOfPeer {
		a.cache.Remove(writeKey{k.peer, ids[0]})
	}
	a.byPeer[k.peer] = append(a.byPeer[k.peer], k.id)
	a.cache.Add(k, &rememberedReply{})
	return nil
}

// removed is called with each write that leaves the cache.
func (a *atMostOnce) removed(k writeKey, w *rememberedReply) {
	a.bytes -= len(w.body)
	ids := a.byPeer[k.peer]
	if i := slices.Index(ids, k.id); i >= 0 {
		ids = slices.Delete(ids, i, i+1)
	}
	if a.byPeer[k.peer] = ids; len(ids) == 0 {
		delete(a.byPeer, k.peer)
	}
}

// finish remembers the reply to a write, and returns whether it has: not if there is one
// already, or if the write was forgotten meanwhile.
func (a *atMostOnce) finish(k writeKey, serves bool, body []byte) bool {
	if a.cache == nil {
		return false
	}
	w, ok := a.cache.Get(k)
	if !ok || w.done {
		return false
	}
	w.done, w.serves = true, serves
	w.body = append([]byte(nil), body...)
	for a.bytes += len(body); a.bytes > maxAnswerBytes; {
		a.cache.RemoveOldest()
	}
	return true
}

// abandon forgets a write that has no answer.
func (a *atMostOnce) abandon(k writeKey) {
	if a.cache == nil {
		return
	}
	if w, ok := a.cache.Peek(k); ok && !w.done {
		a.cache.Remove(k)
	}
}

func (a *atMostOnce) len() int {
	if a.cache == nil {
		return 0
	}
	return a.cache.Len()
}
