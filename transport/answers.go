package transport

import (
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// maxAnswerBytes bounds the bodies an answers cache holds, in bytes.
const maxAnswerBytes = 1 << 20

// answers makes writes at-most-once (design, section 3, rule 3): it remembers,
// by peer and request ID, which are being worked on and what the others were
// answered, whatever session they came under. The oldest go first when it is
// full; a retry comes within seconds. Not safe for concurrent use.
type answers struct {
	most  int
	bytes int
	cache *simplelru.LRU[answerKey, *answer] // nil until the first write
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
		a.cache, _ = simplelru.NewLRU(a.most, func(_ answerKey, gone *answer) { a.bytes -= len(gone.body) }) // most is positive
	}
	if known, ok := a.cache.Get(k); ok {
		return known
	}
	a.cache.Add(k, &answer{})
	return nil
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
