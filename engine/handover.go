package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// maxHandovers bounds the records waiting to be handed to newcomers.
const maxHandovers = 4096

// queueHandovers queues for a newcomer the keys it should hold: those it is among the k
// closest to, and of whose old holders this node is the closest, so that one of
// twenty does it (Kademlia, section 2.5). Whom a node meets while it joins is no
// newcomer: the node is. Other newcomers are no old holders: what they are to be
// given they may have got too late to hand it on.
func (e *Engine) queueHandovers(c identity.Contact) {
	if e.mode != Server || e.joining > 0 || e.store.Empty() {
		return
	}
	newcomer := e.book.Position(c)
	if !e.addNewcomer(newcomer.Prefix()) {
		return
	}
	// A newcomer outside of the subtree that holds k nodes around this one is not
	// among the k closest to any key inside. That is most newcomers, and most keys.
	bucket := identity.CommonPrefixLen(&e.cfg.Position, newcomer)
	far := bucket < e.table.Subtree(e.cfg.K)
	e.store.Each(func(entry *store.Entry) {
		position := entry.Position
		if entry.Between > 0 || far && identity.CommonPrefixLen(&e.cfg.Position, &position) > bucket {
			return
		}
		e.scratch = e.table.Nearest(e.scratch[:0], &position, e.cfg.K)
		nearer := 0 // contacts nearer to the key than the newcomer
		for _, held := range e.scratch {
			if held == c {
				continue
			}
			p := e.book.Position(held)
			if identity.Compare(&position, p, &e.cfg.Position) < 0 && !e.newcomers.fresh(p.Prefix()) {
				return // an old holder nearer than this node does it
			}
			if identity.Compare(&position, p, newcomer) < 0 {
				nearer++
			}
		}
		if nearer >= e.cfg.K {
			return
		}
		if len(e.handovers) >= maxHandovers {
			e.counters.HandoversDropped++
			return
		}
		e.handovers = append(e.handovers, handover{c, string(entry.Key)})
	})
}

// addNewcomer notes that a peer, at whatever address, has been greeted, and reports
// whether it had not been yet.
func (e *Engine) addNewcomer(peer uint64) bool {
	if e.newcomers == nil {
		e.newcomers = new(newcomers)
	}
	return e.newcomers.add(e.now, peer)
}

// forgetNewcomer has a peer greeted again.
func (e *Engine) forgetNewcomer(c identity.Contact) { e.newcomers.forget(e.book.Position(c).Prefix()) }

func (e *Engine) wantsHandOver() time.Time { return dueIf(len(e.handovers) > 0) }

// handOver gives one key to one newcomer: the queue is paced by the schedule.
func (e *Engine) handOver() {
	h := e.handovers[0]
	if e.handovers = e.handovers[1:]; len(e.handovers) == 0 {
		e.handovers = nil
	}
	e.counters.Handovers++
	key := []byte(h.key)
	r, _ := e.store.Get(e.now, key)
	e.copyKey([]identity.Contact{h.to}, r, e.store.AllProviders(e.now, key, nil))
}
