package engine

import (
	"math"
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// maxHandovers bounds the keys that wait to be sent to newcomers (design R8.13).
const maxHandovers = 4096

// queueHandovers queues for a newcomer the keys that it should hold (Kademlia, section
// 2.5; design R6.14): those that it is among the k closest to, and of whose old holders
// this node is the closest. So one of twenty holders does the work.
//
// A peer that this node meets while it joins is not a newcomer; this node is. Other
// newcomers are not counted as old holders: they may have got their keys too late to hand
// them over (design R6.15).
func (e *Engine) queueHandovers(c identity.Contact) {
	if e.mode != Server || e.joining > 0 || e.store.Empty() {
		return
	}
	newcomer := e.book.Position(c)
	if !e.addNewcomer(newcomer.Prefix()) {
		return
	}
	// A newcomer outside of the subtree that holds k nodes around this one is not among
	// the k closest to any key inside. That is true of most newcomers and most keys.
	bucket := identity.CommonPrefixLen(&e.cfg.Position, newcomer)
	most, size := identity.Bits, e.networkSize()
	if bucket < e.table.Subtree(e.cfg.K) && (size == 0 || size >= math.Ldexp(float64(e.cfg.K), bucket+1)) {
		most = bucket
	}
	e.store.EachSharing(&e.cfg.Position, most, func(items *store.KeyItems) {
		if items.Between > 0 {
			return
		}
		if !e.handsOver(&items.Position, newcomer, size) {
			return
		}
		if len(e.handovers) >= maxHandovers {
			e.counters.seldom().HandoversDropped++
			return
		}
		e.handovers = append(e.handovers, handover{c, string(items.Key)})
	})
}

// handsOver reports whether this node hands a key to a newcomer. An old holder that is
// nearer does it, unless more are than chance puts there, and k nodes that are nearer than the
// newcomer keep it out only where the density has as many (design R6.40).
func (e *Engine) handsOver(key, newcomer *identity.Position, size float64) bool {
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], key, e.cfg.K)
	old, nearer, nearerThanNewcomer := false, 0, 0
	for _, held := range e.scratch().contacts {
		p := e.book.Position(held)
		if identity.Compare(key, p, &e.cfg.Position) < 0 {
			nearer++
			old = old || !e.newcomers.fresh(p.Prefix())
		}
		if identity.Compare(key, p, newcomer) < 0 {
			nearerThanNewcomer++
		}
	}
	if old && !e.tooMany(key, &e.cfg.Position, nearer, size) {
		return false
	}
	return nearerThanNewcomer < e.cfg.K || size > 0 && expectedWithin(key, newcomer, size) < float64(e.cfg.K)
}

// addNewcomer adds a peer, at whatever address, and reports whether it was new.
func (e *Engine) addNewcomer(peer uint64) bool {
	if e.newcomers == nil {
		e.newcomers = new(newcomers)
	}
	return e.newcomers.add(e.now, peer)
}

// newcomerLeft makes the peer a newcomer when it is met again, an hour or more after it was
// last sent its keys.
func (e *Engine) newcomerLeft(c identity.Contact) { e.newcomers.left(e.book.Position(c).Prefix()) }

func (e *Engine) wantsHandOver() time.Time { return dueIf(len(e.handovers) > 0) }

// handOver sends one key to one newcomer. The schedule paces the queue.
func (e *Engine) handOver() {
	h := e.handovers[0]
	if e.handovers = e.handovers[1:]; len(e.handovers) == 0 {
		e.handovers = nil
	}
	e.counters.Handovers++
	key := []byte(h.key)
	r, providers := e.store.HandedOver(e.now, key, nil)
	e.copyKey([]identity.Contact{h.to}, r, providers)
}
