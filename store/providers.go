package store

import (
	"bytes"
	"math/rand/v2"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// PutProvider stores a provider entry that VerifyProvider has accepted, and copies
// what it keeps. Of two entries of one peer the higher sequence wins. Otherwise it is
// like Put.
func (s *Store) PutProvider(now time.Time, p *rpc.Provider, from Source, between int, rnd *rand.Rand) (rpc.Status, []Op) {
	if p.TTL <= 0 || len(p.Key) == 0 {
		return rpc.Invalid, nil
	}
	e := s.byKey[string(p.Key)]
	old := e.provider(p.Peer.ID)
	if old != nil && !old.expired(now) {
		switch c := betterProvider(p, old.provider); {
		case c == 0:
			return rpc.OK, s.storedAgain(now, old, p.TTL, between, rnd)
		case c < 0:
			return rpc.Older, nil
		}
	}
	clone := *p
	clone.Signature, clone.TTL = bytes.Clone(p.Signature), 0
	h := &held{provider: &clone, source: from.key(), size: providerCost(p)}
	if !s.roomForProvider(e, h, old) {
		return rpc.Full, nil
	}
	if old != nil {
		s.unlink(old)
	}
	s.link(p.Key, h)
	s.expiry.set(&h.expires, now.Add(s.lifetime(h, p.TTL, between)))
	s.noteStore(now, h, between, rnd)
	return rpc.OK, s.op(h)
}

// provider is the entry's provider of that ID, nil if there is none.
func (e *Entry) provider(id identity.ID) *held {
	if e == nil {
		return nil
	}
	for _, h := range e.providers {
		if h.provider.Peer.ID == id {
			return h
		}
	}
	return nil
}

// betterProvider orders two entries of one peer: positive if a replaces b. With equal
// sequences the greater address wins, so that holders converge.
func betterProvider(a, b *rpc.Provider) int {
	if a.Sequence != b.Sequence {
		if a.Sequence > b.Sequence {
			return 1
		}
		return -1
	}
	return a.Peer.Endpoint.Compare(b.Peer.Endpoint)
}

// remaining is the provider entry with its remaining lifetime as TTL.
func (h *held) remaining(now time.Time) rpc.Provider {
	p := *h.provider
	p.TTL = h.expires.at.Sub(now)
	return p
}

// Providers appends a random sample of at most n of the key's provider entries,
// each equally likely, with their remaining lifetimes as TTL. Their bytes belong to
// the store and must not be changed.
func (s *Store) Providers(now time.Time, key []byte, dst []rpc.Provider, n int, rnd *rand.Rand) []rpc.Provider {
	e := s.byKey[string(key)]
	if e == nil || n <= 0 {
		return dst
	}
	start, seen := len(dst), 0
	for _, h := range e.providers { // reservoir sampling (Vitter's algorithm R)
		if h.expired(now) {
			continue
		}
		seen++
		if len(dst)-start < n {
			dst = append(dst, h.remaining(now))
		} else if i := rnd.IntN(seen); i < n {
			dst[start+i] = h.remaining(now)
		}
	}
	return dst
}

// AllProviders appends every provider entry of the key, oldest first.
func (s *Store) AllProviders(now time.Time, key []byte, dst []rpc.Provider) []rpc.Provider {
	e := s.byKey[string(key)]
	if e == nil {
		return dst
	}
	for _, h := range e.providers {
		if !h.expired(now) {
			dst = append(dst, h.remaining(now))
		}
	}
	return dst
}
