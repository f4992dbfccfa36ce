package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func (e *Engine) wantsRepublish() time.Time {
	if !e.mayStoreAgain() {
		return time.Time{}
	}
	return e.store.NextRepublish()
}

// republish stores again what this node publishes itself, with its full lifetime:
// every 22 hours, so that no record of a living publisher expires (section 2.5).
func (e *Engine) republish() {
	item, ok := e.store.DueRepublish(e.now)
	if !ok {
		return
	}
	key := item.Key()
	e.counters.Republishes++
	target := identity.KeyPosition(key)
	e.maintain(rpc.FindNode, nil, target, func(l *activeLookup) {
		closest := l.state.Closest(nil)
		others, self := e.holders(&target, closest)
		if item.Record != nil {
			e.storeAt(0, others, self, item.Record, nil, func(s *spread) {
				if isPublished(s, closest, others) {
					e.journal(e.store.Republished(e.now, item))
				}
			})
			return
		}
		entry := e.ownEntry(key) // where this node is now
		e.provideAt(0, others, self, entry, func(s *spread) {
			if _, published := e.store.Published(key); published == item && isPublished(s, closest, others) {
				e.journal(e.store.PublishProvider(e.now, entry))
			}
		})
	})
}

// isPublished reports whether a publication is done with for 22 hours. This node's own
// copy is not enough while others were to hold one, or while nobody is known: at
// its start, or cut off, it would let theirs die. One that others refuse as older
// was overwritten, and to repeat it changes nothing.
func isPublished(s *spread, closest, others []identity.Contact) bool {
	if s.selfHolder && s.holders == 1 && (len(others) > 0 || len(closest) == 0) {
		return slices.Contains(s.refusals, rpc.Older)
	}
	return s.holders > 0 || slices.Contains(s.refusals, rpc.Older)
}

// Unpublish ends the re-publication of a key and of this node as its provider;
// what others hold expires by itself. It finishes with ErrNotFound if the key was
// not published.
func (e *Engine) Unpublish(now time.Time, op OpID, key []byte, fx []Effect) []Effect {
	e.enter(now, fx)
	if !e.begin(op, unpublishing{}) {
		return e.leave()
	}
	ops, ok := e.store.Unpublish(key)
	e.persist(ops, func(err error) {
		if err == nil && !ok {
			err = ErrNotFound
		}
		e.finish(op, &Result{Err: err})
	})
	return e.leave()
}

// unpublishing is an operation that nothing needs to be done about when it is cancelled.
type unpublishing struct{}

func (unpublishing) cancel() *Result { return new(Result) }

func (unpublishing) contacts(func(identity.Contact)) {}
