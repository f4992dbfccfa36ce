package engine

import (
	"bytes"
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

const (
	// maxHolderPages bounds the pages asked of one holder: each brings an entry (design R6.25).
	maxHolderPages = store.MaxProvidersPerKey
	// exhaustedAfter is how many holders in a row that knew nothing new end a search.
	exhaustedAfter = 2
)

// A providerPages asks holders for all provider entries of a key, page by page, alpha
// holders at a time, the closest first (design R6.25).
type providerPages struct {
	s       *providerSearch
	owner   owner
	waiting []identity.Contact // not asked yet
	reading []*holderPages     // asked now
	nothing int                // holders in a row that knew nothing new
	over    bool
	onEnd   func()
}

// A holderPages is one holder whose pages are read.
type holderPages struct {
	holder  identity.Contact
	after   identity.ID // the key that the last page ended with
	pages   int
	entries int
	newOnes bool // it knew a provider that no other did
}

// askPages reads the pages of the holders, and then calls ended.
func (s *providerSearch) askPages(holders []identity.Contact, ended func()) {
	p := &providerPages{s: s, waiting: holders, onEnd: ended}
	p.owner = s.e.register(p, s.op)
	s.pages = p
	s.lookup.readsPages(p)
	p.pump()
}

// pump asks the next holders, and ends the search when nothing new is to be expected.
func (p *providerPages) pump() {
	for !p.over && p.nothing < exhaustedAfter && len(p.waiting) > 0 && len(p.reading) < p.s.e.cfg.Alpha {
		h := &holderPages{holder: p.waiting[0]}
		p.waiting = p.waiting[1:]
		p.reading = append(p.reading, h)
		p.ask(h)
	}
	if !p.over && (len(p.reading) == 0 || p.nothing >= exhaustedAfter) {
		p.end()
	}
}

func (p *providerPages) ask(h *holderPages) {
	m := p.s.e.newRequest(rpc.GetProviders)
	m.Key, m.Target, m.Families = p.s.key, p.s.lookup.target, p.s.e.cfg.Families
	m.ProvidersAfter = bytes.Clone(h.after[:])
	if !p.s.e.ask(p.owner, h.holder, m) {
		p.done(h, false)
		return
	}
	p.s.lookup.extraRequests++
}

func (p *providerPages) answered(r *rpc.Request, in *Inbound) {
	i := slices.IndexFunc(p.reading, func(h *holderPages) bool { return h.holder == r.To })
	if p.over || i < 0 {
		return
	}
	h, m := p.reading[i], in.Message
	last := h.after
	for i := range m.Providers {
		if id := m.Providers[i].Peer.ID; bytes.Compare(id[:], last[:]) > 0 {
			last = id
		}
	}
	known := len(p.s.all)
	h.entries += len(m.Providers)
	enough := p.s.take(p.s.e.siftProviders(in.From, m.Providers))
	h.newOnes = h.newOnes || len(p.s.all) > known
	h.pages++
	switch {
	case enough:
		p.end()
		return
	case !m.MoreProviders:
		p.s.more = p.s.more || h.entries >= store.MaxProvidersPerKey // it has no room for others
		p.done(h, true)
	case last == h.after || h.pages >= maxHolderPages:
		p.done(h, false)
	default:
		h.after = last
		p.ask(h)
	}
	p.pump()
}

// done ends the reading of one holder; whole says that it told all that it knows.
func (p *providerPages) done(h *holderPages, whole bool) {
	p.reading = slices.DeleteFunc(p.reading, func(other *holderPages) bool { return other == h })
	switch {
	case !whole:
		p.s.more = true
	case h.newOnes:
		p.nothing = 0
	default:
		p.nothing++
	}
}

func (p *providerPages) failed(r *rpc.Request) {
	if i := slices.IndexFunc(p.reading, func(h *holderPages) bool { return h.holder == r.To }); i >= 0 && !p.over {
		p.done(p.reading[i], false)
		p.pump()
	}
}

func (p *providerPages) overran(*rpc.Request) {}

func (p *providerPages) contacts(keep func(identity.Contact)) {
	for _, c := range p.waiting {
		keep(c)
	}
	for _, h := range p.reading {
		keep(h.holder)
	}
}

// stop ends the reading without a call of onEnd.
func (p *providerPages) stop() {
	p.over = true
	p.s.e.unregister(p.owner)
	p.s.lookup.forget()
}

// expire ends the reading as its time is over. What was found is returned.
func (p *providerPages) expire() {
	p.s.more = true
	p.end()
}

func (p *providerPages) end() {
	p.stop()
	p.onEnd()
}
