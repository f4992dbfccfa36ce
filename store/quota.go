package store

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// What is counted against MaxBytes is the live memory of the heap, in bytes, as
// TestMemoryIsCounted measures it.
const (
	// itemOverhead is what one record or provider entry takes besides its own bytes: the
	// structs, the index and the due times.
	itemOverhead = 640
	// shareOverhead is what is kept of each source and of each wide subnet.
	shareOverhead = 300
)

// rounded is what so many bytes take: Go's allocator rounds up by an eighth at most.
func rounded(n int) int { return n + n/8 }

// A usage is what one source has stored.
type usage struct{ records, providers, bytes int }

// recordCost is what a record counts against MaxBytes.
func recordCost(r *rpc.Record) int {
	return itemOverhead + rounded(len(r.Key)+len(r.Value)+len(r.Signature))
}

// providerCost is what a provider entry counts against MaxBytes.
func providerCost(p *rpc.Provider) int {
	return itemOverhead + rounded(len(p.Key)+len(p.Signature)+len(p.Description))
}

// usageOf is what a source has stored of both kinds.
func (s *Store) usageOf(source identity.NetGroup) (u usage) {
	if sh := s.records.sources[source]; sh != nil {
		u.records, u.bytes = sh.count, sh.bytes
	}
	if sh := s.providers.sources[source]; sh != nil {
		u.providers = sh.count
		u.bytes += sh.bytes
	}
	return u
}

// fitsKey reports whether a provider entry fits beside the items of its key, after old, if
// any, was removed.
func (s *Store) fitsKey(items *KeyItems, it, old *item) bool {
	here, mineHere, atHost := 1, 1, 1
	if items != nil {
		for _, o := range items.providers {
			if o == old {
				continue
			}
			here++
			if o.source == it.source {
				mineHere++
			}
			if SharesHost(o.provider, it.provider) {
				atHost++
			}
		}
	}
	return here <= s.cfg.maxProvidersPerKey &&
		(it.source == identity.NetGroup{} || mineHere <= s.share(s.cfg.maxProvidersPerKey) && atHost <= MaxProvidersPerHost)
}

// MaxProvidersPerHost bounds the providers of one key at one public address (design R6.43).
const MaxProvidersPerHost = 2

// SharesHost reports whether two providers are at one public IPv4 address or IPv6 /64.
func SharesHost(a, b *rpc.Provider) bool {
	at, other := a.Peer.Endpoint.Addr(), b.Peer.Endpoint.Addr()
	return at.IsValid() && other.IsValid() && !identity.IsLocal(at) && identity.Host(at) == identity.Host(other)
}

func (u *usage) add(it *item, sign int) {
	if it.record != nil {
		u.records += sign
	} else {
		u.providers += sign
	}
	u.bytes += sign * it.size
}

// share is the part of a limit that one source may use, at least 1.
func (s *Store) share(limit int) int {
	return max(1, int(float64(limit)*float64(s.cfg.MaxPerSource)/float64(s.cfg.MaxRecords)))
}

// Stats is what a store holds.
type Stats struct {
	Records   int // held for others
	Providers int // provider entries held
	Bytes     int // bytes of live memory that both take, as MaxBytes counts it
	Sources   int // that stored them
	Published int // records and provided keys that this node publishes
	Displaced int // items that were removed for others, since the start
	Withheld  int // times that an item was not stored again, as its source had more than its share

	Sequences        int // kept of records that were displaced
	SequencesDropped int // that could not be kept, since the start
}

// Stats counts what the store holds.
func (s *Store) Stats() Stats {
	sources := len(s.records.sources)
	for source := range s.providers.sources {
		if s.records.sources[source] == nil {
			sources++
		}
	}
	return Stats{
		Records: s.records.count, Providers: s.providers.count, Bytes: s.records.memory() + s.providers.memory(), Sources: sources,
		Published: len(s.published), Displaced: s.displaced, Withheld: s.withheld, Sequences: s.kept.count, SequencesDropped: s.sequencesDropped,
	}
}
