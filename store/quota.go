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

// count adds an item to the totals, or subtracts it if sign is -1.
func (s *Store) count(it *item, sign int) {
	u := s.sources[it.source]
	if it.record != nil {
		s.records += sign
		u.records += sign
	} else {
		s.providers += sign
		u.providers += sign
	}
	s.bytes += sign * it.size
	u.bytes += sign * it.size
	if u == (usage{}) {
		delete(s.sources, it.source)
		return
	}
	if s.sources == nil {
		s.sources = make(map[identity.NetGroup]usage)
	}
	s.sources[it.source] = u
}

// roomForRecord reports whether a record fits after old, if any, was removed.
func (s *Store) roomForRecord(it, old *item) bool {
	total, mine := usage{s.records, s.providers, s.bytes}, s.sources[it.source]
	total.replace(it, old, true)
	mine.replace(it, old, old != nil && old.source == it.source)
	return total.records <= s.cfg.MaxRecords && total.bytes <= s.cfg.MaxBytes &&
		(it.source == identity.NetGroup{} || mine.records <= s.cfg.MaxPerSource && mine.bytes <= s.share(s.cfg.MaxBytes))
}

// roomForProvider reports whether a provider entry fits beside the items of its key
// after old, if any, was removed.
func (s *Store) roomForProvider(items *KeyItems, it, old *item) bool {
	total, mine := usage{s.records, s.providers, s.bytes}, s.sources[it.source]
	total.replace(it, old, true)
	mine.replace(it, old, old != nil && old.source == it.source)
	here, mineHere := 1, 1
	if items != nil {
		for _, o := range items.providers {
			if o == old {
				continue
			}
			here++
			if o.source == it.source {
				mineHere++
			}
		}
	}
	return total.providers <= s.cfg.MaxProviders && total.bytes <= s.cfg.MaxBytes && here <= s.cfg.maxProvidersPerKey &&
		(it.source == identity.NetGroup{} || mine.providers <= s.share(s.cfg.MaxProviders) && mine.bytes <= s.share(s.cfg.MaxBytes) &&
			mineHere <= s.share(s.cfg.maxProvidersPerKey))
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
}

// Stats counts what the store holds.
func (s *Store) Stats() Stats {
	return Stats{s.records, s.providers, s.bytes, len(s.sources), len(s.published)}
}
