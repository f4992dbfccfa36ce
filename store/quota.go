package store

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// itemOverhead is the memory that one record or provider entry takes besides its own
// bytes, in bytes: the structs, the index and the due times.
const itemOverhead = 640

// A usage is what one source has stored.
type usage struct{ records, providers, bytes int }

// recordCost is what a record counts against MaxBytes.
func recordCost(r *rpc.Record) int {
	return itemOverhead + len(r.Key) + len(r.Value) + len(r.Signature)
}

// providerCost is what a provider entry counts against MaxBytes.
func providerCost(p *rpc.Provider) int {
	return itemOverhead + len(p.Key) + len(p.Signature) + len(p.Description)
}

// withinShare reports whether a record fits into its source's share after old, if any, was
// removed.
func (s *Store) withinShare(it, old *item) bool {
	mine := s.usageOf(it.source)
	mine.replace(it, old, old != nil && old.source == it.source)
	return it.source == identity.NetGroup{} || mine.records <= s.cfg.MaxPerSource && mine.bytes <= s.share(s.cfg.MaxBytes)
}

func (s *Store) usageOf(source identity.NetGroup) usage {
	if sh := s.sources[source]; sh != nil {
		return sh.usage
	}
	return usage{}
}

// providerWithinShare reports whether a provider entry fits beside the items of its key, and
// into its source's share, after old, if any, was removed.
func (s *Store) providerWithinShare(items *KeyItems, it, old *item) bool {
	mine := s.usageOf(it.source)
	mine.replace(it, old, old != nil && old.source == it.source)
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
		(it.source == identity.NetGroup{} || mine.providers <= s.share(s.cfg.MaxProviders) && mine.bytes <= s.share(s.cfg.MaxBytes) &&
			mineHere <= s.share(s.cfg.maxProvidersPerKey) && atHost <= MaxProvidersPerHost)
}

// MaxProvidersPerHost bounds the providers of one key at one public address (design R6.43).
const MaxProvidersPerHost = 2

// SharesHost reports whether two providers are at one public IPv4 address or IPv6 /64.
func SharesHost(a, b *rpc.Provider) bool {
	at, other := a.Peer.Endpoint.Addr(), b.Peer.Endpoint.Addr()
	return at.IsValid() && other.IsValid() && !identity.IsLocal(at) && identity.Host(at) == identity.Host(other)
}

// replace adds an item, and subtracts old if it counts here.
func (u *usage) replace(it, old *item, counts bool) {
	u.add(it, 1)
	if old != nil && counts {
		u.add(old, -1)
	}
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
	Bytes     int // bytes that both count against MaxBytes
	Sources   int // that stored them
	Published int // records and provided keys that this node publishes
	Displaced int // items that were removed for others, since the start
}

// Stats counts what the store holds.
func (s *Store) Stats() Stats {
	return Stats{s.records, s.providers, s.bytes, len(s.sources), len(s.published), s.displaced}
}
