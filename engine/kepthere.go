package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium/rpc"
	"kadmium/store"
)

// ErrKeptHere says that this node alone has what it put or provided.
var ErrKeptHere = errors.New("kept by this node only")

// maxKeptHere bounds the puts and provides that wait for a peer and are not published again
// after that (design R8.18). The others are as many as this node's publications.
const maxKeptHere = 1024

// What was made again in vain is made again after waits from the first to the second (design
// R6.30).
const (
	firstKeptWait = 5 * time.Second
	maxKeptWait   = 5 * time.Minute
)

// A keptHere is a put or a provide that nobody but this node confirmed, as nobody
// answered. It is made again as soon as somebody does (design R6.29).
type keptHere struct {
	key       []byte
	record    *rpc.Record // nil: a provide
	query     PutQuery    // of the put
	expires   time.Time   // when it ends; zero: each publication starts a new lifetime
	ephemeral bool
	wait      time.Duration // before it is made again; 0: the next answer is enough
	due       time.Time
	over      bool // its user has ended it, or replaced it, while it is made again
}

// ownNetwork reports whether this node is a network of its own: nobody gave it a peer to
// join through, and it has met none.
func (e *Engine) ownNetwork() bool {
	return !e.cfg.Seeded && len(e.cfg.Bootstrap) == 0 && e.MetNobody()
}

// keptOnlyHere is the error of a write that only this node confirmed although others were
// to hold it, or nobody is known; otherwise nil. A short one is not published again later.
func (e *Engine) keptOnlyHere(r *Result, key []byte, closest, others int, short bool) error {
	if !r.SelfHolder || r.Holders > 1 || closest > 0 && others == 0 || e.ownNetwork() {
		return nil
	}
	r.KeptHere = true
	var refused *StatusError
	if errors.As(refusal(r.Refusals), &refused) {
		return fmt.Errorf("%w: others %w", ErrKeptHere, refused)
	}
	why := "as no other answered"
	if closest > 0 {
		why = "as none of those that were to hold it confirmed it"
	}
	switch {
	case short && e.kept.shorts() >= maxKeptHere && !e.kept.has(key, r.Record != nil):
		return fmt.Errorf("%w, %s; it is not published when one does, as %d others wait for that: %w", ErrKeptHere, why, maxKeptHere, ErrBusy)
	case short:
		return fmt.Errorf("%w, %s; it is published when one does, if this node is not restarted before", ErrKeptHere, why)
	}
	return fmt.Errorf("%w, %s; it is published when one does", ErrKeptHere, why)
}

// waits reports whether the error of keptOnlyHere says that the write is published later.
func waits(kept error) bool {
	return kept != nil && !errors.Is(kept, ErrRefused) && !errors.Is(kept, ErrBusy)
}

// waiting is waits as the journal keeps it.
func waiting(kept error, chosen bool) store.Waiting {
	switch {
	case !waits(kept):
		return store.WaitsNot
	case chosen:
		return store.WaitsChosen
	}
	return store.WaitsOpen
}

// keptWrites are the writes that wait, oldest first.
type keptWrites struct {
	list     []*keptHere
	making   []*keptHere          // made again now, and not in list
	by       map[string]*keptHere // those of list, by kind and key
	short    int                  // of them, those that have an end
	next     time.Time            // the earliest due time
	silent   time.Time            // when the last was kept because nobody answered
	answered time.Time            // when a request was last answered
}

func keptName(key []byte, record bool) string {
	if record {
		return "r" + string(key)
	}
	return "p" + string(key)
}

func (k *keptWrites) len() int {
	if k == nil {
		return 0
	}
	return len(k.list)
}

func (k *keptWrites) shorts() int {
	if k == nil {
		return 0
	}
	return k.short
}

func (k *keptWrites) has(key []byte, record bool) bool {
	return k != nil && k.by[keptName(key, record)] != nil
}

// due is when the next of them is made again; zero: not before somebody has answered. What
// others ask of this node is no answer: where its own requests are lost, it goes on.
func (k *keptWrites) due() time.Time {
	if k == nil || !k.answered.After(k.silent) {
		return time.Time{}
	}
	return k.next
}

// keep remembers a write until a peer answers, again if it was one that was kept before. It
// replaces one of the same key. closest is how many nodes its lookup found.
func (e *Engine) keep(k, before *keptHere, closest int) {
	switch {
	case before != nil:
		k.wait = min(max(2*before.wait, firstKeptWait), maxKeptWait)
	case closest > 0:
		k.wait = firstKeptWait
	}
	k.due = e.now.Add(k.wait)
	e.remember(k)
	if closest == 0 {
		e.kept.silent = e.now
	} else {
		e.kept.answered = e.now
	}
}

// keepAgain remembers what was made again in vain; nil: nothing was.
func (e *Engine) keepAgain(k *keptHere, closest int) {
	if k != nil {
		e.keep(k, k, closest)
	}
}

// keepLoaded remembers what waited before a restart.
func (e *Engine) keepLoaded(record, provider *store.Published) {
	if record != nil && record.Waits != store.WaitsNot {
		r := record.Record
		k := &keptHere{key: r.Key, record: r, query: PutQuery{Key: r.Key, Value: r.Value, TTL: r.TTL}, due: overdue}
		if record.Waits == store.WaitsChosen {
			k.query.Sequence = &r.Sequence
		}
		e.remember(k)
	}
	if provider != nil && provider.Waits != store.WaitsNot {
		e.remember(&keptHere{key: provider.Provider.Key, due: overdue})
	}
}

func (e *Engine) remember(k *keptHere) {
	e.forgetKept(k.key, k.record != nil)
	k.over = false
	if e.kept == nil {
		e.kept = &keptWrites{by: make(map[string]*keptHere)}
	}
	w := e.kept
	w.list = append(w.list, k)
	w.by[keptName(k.key, k.record != nil)] = k
	w.next = earlier(w.next, k.due)
	if !k.expires.IsZero() {
		w.short++
	}
}

// forgetKept forgets the put or the provide of a key. One that is made again now is over
// (design R6.34).
func (e *Engine) forgetKept(key []byte, record bool) {
	w := e.kept
	if w == nil {
		return
	}
	name := keptName(key, record)
	for _, k := range w.making {
		k.over = k.over || keptName(k.key, k.record != nil) == name
	}
	if !w.has(key, record) {
		return
	}
	k := w.by[name]
	delete(w.by, name)
	w.list = slices.DeleteFunc(w.list, func(other *keptHere) bool { return other == k })
	if !k.expires.IsZero() {
		w.short--
	}
	w.next = time.Time{}
	for _, other := range w.list {
		w.next = earlier(w.next, other.due)
	}
	if len(w.list)+len(w.making) == 0 {
		e.kept = nil
	}
}

// writeKept makes the oldest of the writes that are due again.
func (e *Engine) writeKept() {
	w := e.kept
	i := slices.IndexFunc(w.list, func(k *keptHere) bool { return !k.due.After(e.now) })
	k := w.list[i]
	e.forgetKept(k.key, k.record != nil)
	if !k.expires.IsZero() && !k.expires.After(e.now) {
		return
	}
	w.making, e.kept = append(w.making, k), w
	e.counters.Republishes++
	e.upkeep++
	if k.record == nil {
		e.provide(0, k.key, k.ephemeral, k)
		return
	}
	p := &put{e: e, query: k.query, kept: k}
	p.start()
}

// madeAgain notes that making k again has ended.
func (e *Engine) madeAgain(k *keptHere) {
	e.upkeep--
	w := e.kept
	w.making = slices.DeleteFunc(w.making, func(other *keptHere) bool { return other == k })
	if len(w.list)+len(w.making) == 0 {
		e.kept = nil
	}
}

// isOver reports whether k, nil if nothing is made again, is no longer to be made again.
func (k *keptHere) isOver() bool { return k != nil && k.over }
