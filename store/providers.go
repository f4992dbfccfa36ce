package store

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// PutProvider stores a provider entry that VerifyProvider has accepted, and copies
// what it keeps. Of two entries of one peer the higher sequence wins. Otherwise it is
// like Put.
func (s *Store) PutProvider(now time.Time, p *rpc.Provider, from identity.NetGroup, between int, rnd *rand.Rand) (rpc.Status, []Change) {
	return s.putProvider(now, p, from, between, false, rnd)
}

// PutProviderCopy is PutProvider for an entry of another peer than who asks, see PutCopy.
func (s *Store) PutProviderCopy(now time.Time, p *rpc.Provider, from identity.NetGroup, between int, rnd *rand.Rand) (rpc.Status, []Change) {
	return s.putProvider(now, p, from, between, true, rnd)
}

func (s *Store) putProvider(now time.Time, p *rpc.Provider, from identity.NetGroup, between int, copied bool, rnd *rand.Rand) (rpc.Status, []Change) {
	if p.TTL <= 0 || len(p.Key) == 0 {
		return rpc.Invalid, nil
	}
	items := s.byKey[string(p.Key)]
	old := items.provider(p.Peer.ID)
	if old != nil && !old.expired(now) {
		switch c := betterProvider(p, old.provider); {
		case c == 0:
			return rpc.OK, s.storedAgain(now, old, from, copied, p.TTL, between, rnd)
		case c < 0:
			return rpc.Older, nil
		}
	}
	clone := *p
	clone.Signature, clone.Description, clone.TTL = bytes.Clone(p.Signature), bytes.Clone(p.Description), 0
	it := &item{provider: &clone, source: from, size: providerCost(p), copied: copied}
	it.class = s.classAt(p.Key, copied)
	if !s.fitsKey(items, it, old) {
		return rpc.Full, nil
	}
	out, ok := s.makeRoom(it, old)
	if !ok {
		return rpc.Full, nil
	}
	return rpc.OK, append(s.displace(now, out), s.replace(now, old, it, p.Key, p.TTL, between, rnd)...)
}

// provider is the provider entry of that peer, nil if there is none.
func (items *KeyItems) provider(id identity.ID) *item {
	if items == nil {
		return nil
	}
	for _, it := range items.providers {
		if it.provider.Peer.ID == id {
			return it
		}
	}
	return nil
}

// betterProvider orders two entries of one peer: positive if a replaces b. With equal
// sequences the greater address wins, then the greater rest of what is signed, so that
// holders converge.
func betterProvider(a, b *rpc.Provider) int {
	return cmp.Or(
		cmp.Compare(a.Sequence, b.Sequence),
		a.Peer.Endpoint.Compare(b.Peer.Endpoint),
		cmp.Compare(providerFlags(a), providerFlags(b)),
		cmp.Compare(a.Lifetime, b.Lifetime),
		bytes.Compare(a.Description, b.Description),
	)
}

// remaining is the provider entry with its remaining lifetime as TTL.
func (it *item) remaining(now time.Time) rpc.Provider {
	p := *it.provider
	p.TTL = it.expires.at.Sub(now)
	return p
}

// Providers appends a random sample of at most n of the key's provider entries,
// each equally likely, with their remaining lifetimes as TTL. Their bytes belong to
// the store and must not be changed. held is the number of all of them.
func (s *Store) Providers(now time.Time, key []byte, dst []rpc.Provider, n int, rnd *rand.Rand) (sample []rpc.Provider, held int) {
	items := s.byKey[string(key)]
	if items == nil || n <= 0 {
		return dst, 0
	}
	start, seen := len(dst), 0
	for _, it := range items.providers { // reservoir sampling (Vitter's algorithm R)
		if it.expired(now) {
			continue
		}
		seen++
		if len(dst)-start < n {
			dst = append(dst, it.remaining(now))
		} else if i := rnd.IntN(seen); i < n {
			dst[start+i] = it.remaining(now)
		}
	}
	return dst, seen
}

// Provider is the key's provider entry of that peer, with the lifetime that is left. It shares
// the store's memory.
func (s *Store) Provider(now time.Time, key []byte, peer identity.ID) (rpc.Provider, bool) {
	it := s.byKey[string(key)].provider(peer)
	if it == nil || it.expired(now) {
		return rpc.Provider{}, false
	}
	return it.remaining(now), true
}

// ProvidersAfter appends the key's provider entries whose provider's key is greater than
// after, ascending, at most n of them. In this order an entry keeps its place while
// others come and go. more says that others follow. Otherwise it is like Providers.
func (s *Store) ProvidersAfter(now time.Time, key []byte, after identity.ID, dst []rpc.Provider, n int) (page []rpc.Provider, more bool) {
	items := s.byKey[string(key)]
	if items == nil {
		return dst, false
	}
	var following []*item
	for _, it := range items.providers {
		if !it.expired(now) && bytes.Compare(it.provider.Peer.ID[:], after[:]) > 0 {
			following = append(following, it)
		}
	}
	slices.SortFunc(following, func(a, b *item) int { return bytes.Compare(a.provider.Peer.ID[:], b.provider.Peer.ID[:]) })
	for _, it := range following[:min(n, len(following))] {
		dst = append(dst, it.remaining(now))
	}
	return dst, len(following) > n
}

// AllProviders appends every provider entry of the key, oldest first.
func (s *Store) AllProviders(now time.Time, key []byte, dst []rpc.Provider) []rpc.Provider {
	items := s.byKey[string(key)]
	if items == nil {
		return dst
	}
	for _, it := range items.providers {
		if !it.expired(now) {
			dst = append(dst, it.remaining(now))
		}
	}
	return dst
}
