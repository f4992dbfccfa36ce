package kadmium_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kadmium"
	"kadmium/identity"
)

// A provision is what is known of one host as a provider of one key.
type provision struct {
	begun  bool          // it may have an entry
	state  provideState  //
	doing  int           // operations under way
	mixed  bool          // of these, some at the same time: their order is open
	latest time.Duration // when it may have begun a new lifetime, if it does not provide now
	since  time.Duration // when its user last began to provide it
}

// Whether a host provides a key.
type provideState int

const (
	provideOff  provideState = iota
	provideOpen              // it is not known
	provideOn
)

type providedKey struct {
	host int
	key  string
}

// heldEntry is what a host was seen to hold of another as a provider.
type heldEntry struct {
	kadmium.HeldProvider
	until time.Duration
}

type entryKey struct {
	key  string
	peer identity.ID
}

const providerLifetime = 24 * time.Hour

// provides notes that an operation of a provider begins.
func (h *faultHistory) provides(host int, key string, stop bool) *provision {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := providedKey{host, key}
	p := h.provisions[k]
	if p == nil {
		p = new(provision)
		h.provisions[k] = p
	}
	if p.doing++; p.doing > 1 {
		p.mixed = true
	}
	if !stop {
		p.begun, p.since = true, h.w.now()
	}
	if p.state == provideOff && !stop || p.state == provideOn && stop {
		p.state = provideOpen
	}
	return p
}

// provided notes how it ended.
func (h *faultHistory) provided(p *provision, host int, key string, stop, survived bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	what := "provide"
	if stop {
		what = "stop providing"
	}
	h.end(what, err, survived)
	h.note("host %d: %s %s: survived %v, %v", host, what, key, survived, err)
	done := err == nil || errors.Is(err, kadmium.ErrKeptHere) && !stop || errors.Is(err, kadmium.ErrNotFound) && stop
	switch {
	case !survived || !done || p.mixed:
		p.state = provideOpen
	case stop:
		p.state = provideOff
	default:
		p.state = provideOn
	}
	p.latest = h.w.now()
	if p.doing--; p.doing == 0 {
		p.mixed = false
	}
}

// provisionsHalted notes that a process has ended: without a disk, or with a full one, it may
// have forgotten what it provides.
func (h *faultHistory) provisionsHalted(host *faultHost, forgets, full bool) {
	for k, p := range h.provisions {
		switch {
		case k.host != host.index:
		case full:
			p.state = provideOpen
		case forgets && p.state != provideOff:
			p.state, p.latest = provideOff, h.w.now()
		}
	}
}

// checkEntry checks a provider entry that a host holds or gives out.
func (h *faultHistory) checkEntry(host int, does, key string, at identity.Address, left time.Duration) {
	if !h.rules.lifetime {
		return
	}
	of := slices.IndexFunc(h.w.hosts, func(o *faultHost) bool { return o.key.ID() == at.ID })
	if of < 0 || h.provisions[providedKey{of, key}] == nil || !h.provisions[providedKey{of, key}].begun {
		h.wrong("host %d %s %v as a provider of %s, which never provided it", host, does, at, key)
		return
	}
	p := h.provisions[providedKey{of, key}]
	if p.state != provideOff || p.doing > 0 {
		p.latest = h.w.now()
	}
	id := fmt.Sprint("provider ", of, key, host)
	more := h.w.now() + left - (p.latest + providerLifetime) - h.uncounted
	if more > lifetimeSlack && !h.told[id] {
		h.told[id] = true
		h.wrong("host %d %s host %d as a provider of %s for %v more than its lifetime", host, does, of, key, more.Round(time.Second))
	}
}

// seeProviders compares the provider entries that a host holds with those it was last seen to
// hold.
func (h *faultHistory) seeProviders(host int, entries []kadmium.HeldProvider) {
	now := h.w.now()
	held := make(map[entryKey]heldEntry, len(entries))
	for _, e := range entries {
		held[entryKey{e.Key, e.Peer.ID}] = heldEntry{e, now + e.Left}
		h.checkEntry(host, "holds", e.Key, e.Peer, e.Left)
	}
	for k, before := range h.hosts[host].entries {
		if before.until < now+expirySlack || !h.mustHold(host, k.key) {
			continue
		}
		switch e, ok := held[k]; {
		case !ok && h.rules.kept:
			h.wrong("host %d has lost provider %v of %s, which had %v to live", host, before.Peer, k.key, before.until-now)
		case ok && h.rules.forward && e.Sequence < before.Sequence:
			h.wrong("host %d held sequence %d of provider %v of %s, and holds %d", host, before.Sequence, e.Peer, k.key, e.Sequence)
		}
	}
	h.hosts[host].entries = held
}

// Of the rule which providers of a key are found at the end. A provide that a fault kept from
// most holders is whole when it is next replicated or published again.
const (
	wholeAfter   = time.Minute // from the last fault
	sampledWhole = 2           // entries of one key that every answer has room for
	mayLackEntry = 1           // holders: a search ends when two in a row know nothing new (R6.25)
)

// undisturbed says whether a provide was made, or published again, after the last fault.
func (h *faultHistory) undisturbed(p *provision) bool {
	return p.since > h.w.plan.over+wholeAfter || h.w.now() > p.since+renewedOver+h.uncounted
}

// providersAtEnd checks which providers of a key a host finds: all that provide it, and all of
// whom the holders have an entry.
func (h *faultHistory) providersAtEnd(host int, key string, found map[identity.ID]identity.Address, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.rules.whole {
		return
	}
	if err != nil {
		h.wrong("at the end host %d cannot look for providers of %s: %v", host, key, err)
		return
	}
	for i, other := range h.w.hosts {
		at, ok := found[other.key.ID()]
		p := h.provisions[providedKey{i, key}]
		if n, _ := other.running(); n == nil {
			continue
		} else if p != nil && p.state == provideOn && p.doing == 0 && n.Stats().Peers > 0 {
			if !ok && h.undisturbed(p) {
				h.wrong("at the end host %d does not find host %d as a provider of %s", host, i, key)
			} else if ok && h.w.now() > other.moved+planMoved && at.Endpoint != other.address() {
				h.wrong("at the end host %d finds host %d as a provider of %s at %v, where it is not", host, i, key, at)
			}
		}
	}
	holders := 0
	held := make(map[identity.ID]int) // by how many holders
	for i, holder := range h.w.hosts {
		n, _ := holder.running()
		if n == nil || !h.mustHold(i, key) || !h.findable(holder) {
			continue
		}
		holders++
		for _, e := range kadmium.HeldProviders(n) {
			if e.Key == key && e.Left > lifetimeSlack {
				held[e.Peer.ID]++
			}
		}
	}
	for peer, by := range held {
		if _, ok := found[peer]; !ok && (by >= holders-mayLackEntry || len(held) <= sampledWhole) {
			h.wrong("at the end host %d does not find provider %v of %s, which %d of %d holders have", host, peer, key, by, holders)
		}
	}
}

// providerKeys are those that were ever provided.
func (h *faultHistory) providerKeys() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make(map[string]bool)
	for k := range h.provisions {
		keys[k.key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

// provide has a host's node provide a key, or stop providing it.
func (w *faultWorld) provide(ctx context.Context, h *faultHost, n *kadmium.Node, life int, key string, stop bool) {
	p := w.history.provides(h.index, key, stop)
	var err error
	if stop {
		err = n.Unpublish(ctx, key)
	} else {
		_, err = n.Provide(ctx, key)
	}
	w.history.provided(p, h.index, key, stop, h.survived(life), err)
}

// providers has a host's node look for the providers of a key.
func (w *faultWorld) providers(ctx context.Context, h *faultHost, n *kadmium.Node, life int, key string) (map[identity.ID]identity.Address, error) {
	found := make(map[identity.ID]identity.Address)
	for p, err := range n.Providers(ctx, key, kadmium.ProvidersOptions{}) {
		if err != nil {
			return nil, err
		}
		found[p.Peer] = p.Address
		if h.survived(life) {
			w.history.found(h.index, key, p)
		}
	}
	return found, nil
}

func (h *faultHistory) found(host int, key string, p kadmium.Provider) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end("provider found", nil, true)
	h.checkEntry(host, "finds", key, p.Address, 0)
}
