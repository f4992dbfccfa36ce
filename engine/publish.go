package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func (e *Engine) wantsRepublish() time.Time {
	if !e.mayStoreAgain() {
		return time.Time{}
	}
	return earlier(e.kept.due(), e.store.NextRepublish())
}

// republish stores what this node publishes again, with its full lifetime, every 22 hours
// (Kademlia, section 2.5; design R6.8, R6.34).
func (e *Engine) republish() {
	if at := e.kept.due(); !at.IsZero() && !at.After(e.now) {
		e.writeKept()
		return
	}
	item, ok := e.store.DueRepublish(e.now)
	if !ok {
		return
	}
	key := item.Key()
	if e.kept.has(key, item.Record != nil) {
		return // it is made again by itself
	}
	e.counters.Republishes++
	target := identity.KeyPosition(key)
	e.maintain(ForRepublish, target, func(l *activeLookup) {
		if !e.store.IsPublished(item) {
			return
		}
		made := e.now // the machine may sleep before the holders have answered
		closest, others, self := l.holders()
		if item.Record != nil {
			e.storeAt(0, others, self, item.Record, nil, func(s *fanOut) {
				if isPublished(s, closest, others) {
					e.journal(e.store.Republished(made, item))
				}
			})
			return
		}
		entry := e.ownEntry(key) // with this node's present address
		e.provideAt(0, others, self, entry, func(s *fanOut) {
			if e.store.IsPublished(item) && isPublished(s, closest, others) {
				e.journal(e.publishProvider(made, entry))
			}
		})
	})
}

// isPublished reports whether a publication need not be repeated for 22 hours. The copy
// that this node holds itself is not enough if others were to hold one, or if no other
// node is known: a node that has just started, or that is cut off, would let the copies
// of others expire. A record that others refuse as older was overwritten, and repeating
// it changes nothing.
func isPublished(s *fanOut, closest, others []identity.Contact) bool {
	if s.selfHolder && s.confirmed == 1 && (len(others) > 0 || len(closest) == 0) {
		return refusedAs(s.refusals, rpc.Older)
	}
	return s.confirmed > 0 || refusedAs(s.refusals, rpc.Older)
}

// Unpublish ends the publication of a key, and this node's publication as a provider of
// it. What other nodes hold expires by itself. It finishes with ErrNotFound if the key
// was not published.
func (e *Engine) Unpublish(now time.Time, op OpID, key []byte, fx []Effect) []Effect {
	e.enter(now, fx)
	if !e.begin(op, unpublishing{}) {
		return e.leave()
	}
	e.forgetKept(key, true)
	e.forgetKept(key, false)
	changes, ok := e.store.Unpublish(key)
	e.persist(changes, func(err error) {
		if err == nil && !ok {
			err = ErrNotFound
		}
		e.finish(op, &Result{Err: err})
	})
	return e.leave()
}

// unpublishing is an operation for which cancelling does nothing.
type unpublishing struct{}

func (unpublishing) cancel() *Result { return new(Result) }

func (unpublishing) contacts(func(identity.Contact)) {}
