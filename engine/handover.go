package engine

import (
	"math"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// Bounds of hand-overs: keys that wait to be sent to newcomers (design R8.13), and requests
// under way to one newcomer (design R6.47).
const (
	maxHandovers   = 4096
	maxHandingOver = 8
)

// A handover sends a newcomer the keys that it should hold. One request more than it has
// answered since the last that failed is under way at any time, and none follows once it
// answers no longer (design R6.47).
type handover struct {
	e     *Engine
	owner owner
	to    identity.Contact
	keys  []string // that wait

	key      []byte        // the last one taken from keys
	entries  []identity.ID // its providers, whose entries wait
	underWay int
	replies  int       // since a request failed
	heard    time.Time // when it last answered
}

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
	waiting := e.keysToHandOver()
	var keys []string
	e.store.EachSharing(&e.cfg.Position, most, func(items *store.KeyItems) {
		if items.Between > 0 {
			return
		}
		if !e.handsOver(&items.Position, newcomer, size) {
			return
		}
		if waiting++; waiting > maxHandovers {
			e.counters.seldom().HandoversDropped++
			return
		}
		keys = append(keys, string(items.Key))
	})
	if len(keys) > 0 {
		h := &handover{e: e, to: c, keys: keys}
		h.owner = e.register(h, 0)
		e.handovers = append(e.handovers, h)
	}
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

// keysToHandOver is the number of keys that wait.
func (e *Engine) keysToHandOver() (n int) {
	for _, h := range e.handovers {
		n += len(h.keys)
	}
	return n
}

func (e *Engine) wantsHandOver() time.Time {
	return dueIf(slices.ContainsFunc(e.handovers, (*handover).ready))
}

// handOver sends one request to one newcomer, to each in its turn. The schedule paces it.
func (e *Engine) handOver() {
	i := slices.IndexFunc(e.handovers, (*handover).ready)
	h := e.handovers[i]
	e.handovers = append(slices.Delete(e.handovers, i, i+1), h)
	if m := h.next(); m != nil && e.ask(h.owner, h.to, m) {
		h.underWay++
	}
	h.endIfDone()
}

// ready reports whether the newcomer may be sent something now.
func (h *handover) ready() bool {
	return h.waits() && h.underWay < min(1+h.replies, maxHandingOver)
}

func (h *handover) waits() bool { return len(h.entries) > 0 || len(h.keys) > 0 }

// next is the next write, or nil if none is left.
func (h *handover) next() *rpc.Message {
	e := h.e
	for {
		for len(h.entries) > 0 {
			p, ok := e.store.Provider(e.now, h.key, h.entries[0])
			if h.entries = h.entries[1:]; ok {
				return e.copyProviderMessage(h.to, cloneProvider(p), e.now.Add(p.TTL))
			}
		}
		if len(h.keys) == 0 {
			return nil
		}
		h.key, h.keys = []byte(h.keys[0]), h.keys[1:]
		e.counters.Handovers++
		r, providers := e.store.HandedOver(e.now, h.key, nil)
		for _, p := range providers {
			h.entries = append(h.entries, p.Peer.ID)
		}
		if r != nil {
			return e.copyMessage(h.to, cloneRecord(r), e.now.Add(r.TTL))
		}
	}
}

func (h *handover) answered(*rpc.Request, *Inbound) {
	h.underWay--
	h.replies++
	h.heard = h.e.now
	h.endIfDone()
}

// failed ends the hand-over if the newcomer has answered nothing since the request began.
func (h *handover) failed(r *rpc.Request) {
	h.underWay--
	h.replies = 0
	if h.heard.Before(r.Started) {
		h.e.counters.seldom().HandoversStopped += uint64(len(h.keys))
		h.entries, h.keys = nil, nil
	}
	h.endIfDone()
}

func (h *handover) overran(*rpc.Request) {}

func (h *handover) contacts(keep func(identity.Contact)) { keep(h.to) }

func (h *handover) endIfDone() {
	if h.underWay > 0 || h.waits() {
		return
	}
	e := h.e
	e.unregister(h.owner)
	e.handovers = slices.DeleteFunc(e.handovers, func(o *handover) bool { return o == h })
	if len(e.handovers) == 0 {
		e.handovers = nil
	}
}

// handOverEnds forgets what a peer was to be sent, which has left.
func (e *Engine) handOverEnds(peer identity.ID) {
	for _, h := range slices.Clone(e.handovers) {
		if e.book.Address(h.to).ID == peer {
			h.entries, h.keys = nil, nil
			h.endIfDone()
		}
	}
}
