package engine

import (
	"strings"
	"time"

	"kadmium/rpc"
	"kadmium/store"
)

// A newestSequences has the highest sequence of a signed record that this node has verified,
// by key (design R6.41). Of a key that has no publisher nothing is remembered: anybody could
// make an invented sequence the highest.
type newestSequences map[string]newestSequence

type newestSequence struct {
	sequence uint64
	until    time.Time // when that record expires
}

// maxNewest bounds the keys (design R8.46).
const maxNewest = 1024

// saw notes the sequence of a valid record that an operation of the user's has found.
func (e *Engine) saw(r *rpc.Record) {
	if _, signed := e.cfg.Namespaces.Publisher(r.Key); !signed || !e.cfg.Namespaces.Sequenced(r.Key) {
		return
	}
	key, until := string(r.Key), e.now.Add(min(r.TTL, store.MaxTTL))
	switch old, known := e.newest[key]; {
	case known && e.now.Before(old.until) && r.Sequence < old.sequence:
		return
	case known && r.Sequence == old.sequence && until.Before(old.until):
		return
	case !known && len(e.newest) >= maxNewest:
		e.forgetNewest()
	case e.newest == nil:
		e.newest = make(newestSequences)
	}
	e.newest[key] = newestSequence{r.Sequence, until}
}

// forgetNewest makes room for a key: it drops those whose record has expired, and otherwise
// the one that does so first.
func (e *Engine) forgetNewest() {
	var first string
	for key, s := range e.newest {
		if !e.now.Before(s.until) {
			delete(e.newest, key)
			continue
		}
		if o, ok := e.newest[first]; !ok || s.until.Before(o.until) || s.until.Equal(o.until) && strings.Compare(key, first) < 0 {
			first = key
		}
	}
	if len(e.newest) >= maxNewest {
		delete(e.newest, first)
		e.counters.seldom().NewestForgotten++
	}
}

// judgeAge says of the result of a get whether its record is stale.
func (e *Engine) judgeAge(now time.Time, r *Result) {
	if r.Stale = e.isStale(now, r.Record); r.Stale {
		e.counters.seldom().StaleGets++
	}
}

// isStale reports whether a record is older than one that this node has verified before and
// that has not expired.
func (e *Engine) isStale(now time.Time, r *rpc.Record) bool {
	s, ok := e.newest[string(r.Key)]
	return ok && now.Before(s.until) && r.Sequence < s.sequence
}
