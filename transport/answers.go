package transport

import (
	"slices"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// Bounds of an answers cache, beside Limits.Answers.
const (
	maxAnswerBytes   = 1 << 20 // bytes of bodies
	maxAnswersOfPeer = 512     // writes of one peer: a flood of them pushes out its own
)

// answers makes writes at-most-once (design, section 3, rule 3): it remembers,
// by peer and request ID, which are being worked on and what the others were
// answered, whatever session they came under. The oldest go first when it is
// full; a retry comes within seconds. Not safe for concurrent use.
type answers struct {
	most  int
	bytes int
	cache *simplelru.LRU[answerKey, *answer] // nil until the first write
	of    map[identity.ID][]uint64           // IDs of each peer's, oldest first
}

type answerKey struct {
	peer identity.ID
	id   uint64
}

type answer struct {
	done   bool
	serves bool
	body   []byte
}

// begin is what is known of a write; nil means that it is new, and it counts as
// being worked on from now on.
func (a *answers) begin(k answerKey) *answer {
	if a.cache == nil {
		a.cache, _ = simplelru.NewLRU(a.most, a.gone) // most is positive
		a.of = make(map[identity.ID][]uint64)
	}
	if known, ok := a.cache.Get(k); ok {
		return known
	}
	if of := a.of[k.peer]; len(of) >= maxAnswersOfPeer {
		a.cache.Remove(answerKey{k.peer, of[0]})
	}
	a.of[k.peer] = append(a.of[k.peer], k.id)
	a.cache.Add(k, &answer{})
	return nil
}

// gone follows what leaves the cache.
func (a *answers) gone(k answerKey, w *answer) {
	a.bytes -= len(w.body)
	of := a.of[k.peer]
	if i := slices.Index(of, k.id); i >= 0 {
		of = slices.Delete(of, i, i+1)
	}
	if a.of[k.peer] = of; len(of) == 0 {
		delete(a.of, k.peer)
	}
}

// finish remembers the answer to a write. It reports false if there is one
// already, or if the write was forgotten meanwhile.
func (a *answers) finish(k answerKey, serves bool, body []byte) bool {
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
func (a *answers) abandon(k answerKey) {
	if a.cache == nil {
		return
	}
	if w, ok := a.cache.Peek(k); ok && !w.done {
		a.cache.Remove(k)
	}
}

func (a *answers) len() int {
	if a.cache == nil {
		return 0
	}
	return a.cache.Len()
}
