package store

import (
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
)

// heldOverhead is what one record or provider entry costs beside its bytes, in
// bytes: the structs, the index and the due times.
const heldOverhead = 640

// A Source is who asked to store something: it counts against the source's share.
// The zero Source is this node itself, which has no share.
type Source struct {
	Peer   identity.ID
	Subnet netip.Prefix // identity.Subnet of its address
}

// A source is what shares are counted by: the subnet, since its owner can make up
// any number of peers; the peer where the range is local.
type source struct {
	peer   identity.ID
	subnet netip.Prefix
}

func (from Source) source() source {
	if from.Subnet.IsValid() && !identity.IsLocal(from.Subnet.Addr()) {
		return source{subnet: from.Subnet}
	}
	return source{peer: from.Peer}
}

// A usage is what one source has filled.
type usage struct{ records, providers, bytes int }

// recordCost is what a record counts against MaxBytes.
func recordCost(r *rpc.Record) int {
	return heldOverhead + len(r.Key) + len(r.Value) + len(r.Signature)
}

// providerCost is what a provider entry counts against MaxBytes.
func providerCost(p *rpc.Provider) int {
	return heldOverhead + len(p.Key) + len(p.Signature)
}

// count adds h to the totals, or with -1 takes it out.
func (s *Store) count(h *held, sign int) {
	u := s.sources[h.source]
	if h.record != nil {
		s.records += sign
		u.records += sign
	} else {
		s.providers += sign
		u.providers += sign
	}
	s.bytes += sign * h.size
	u.bytes += sign * h.size
	if u == (usage{}) {
		delete(s.sources, h.source)
		return
	}
	if s.sources == nil {
		s.sources = make(map[source]usage)
	}
	s.sources[h.source] = u
}

// roomForRecord reports whether h fits once old, if any, has gone.
func (s *Store) roomForRecord(h, old *held) bool {
	total, mine := usage{s.records, s.providers, s.bytes}, s.sources[h.source]
	total.replace(h, old, true)
	mine.replace(h, old, old != nil && old.source == h.source)
	return total.records <= s.cfg.MaxRecords && total.bytes <= s.cfg.MaxBytes &&
		(h.source == source{} || mine.records <= s.cfg.MaxPerSource && mine.bytes <= s.share(s.cfg.MaxBytes))
}

// roomForProvider reports whether h fits under an entry once old, if any, has gone.
func (s *Store) roomForProvider(e *Entry, h, old *held) bool {
	total, mine := usage{s.records, s.providers, s.bytes}, s.sources[h.source]
	total.replace(h, old, true)
	mine.replace(h, old, old != nil && old.source == h.source)
	here, mineHere := 1, 1
	if e != nil {
		for _, o := range e.providers {
			if o == old {
				continue
			}
			here++
			if o.source == h.source {
				mineHere++
			}
		}
	}
	return total.providers <= s.cfg.MaxProviders && total.bytes <= s.cfg.MaxBytes && here <= s.cfg.MaxProvidersPerKey &&
		(h.source == source{} || mine.providers <= s.share(s.cfg.MaxProviders) && mine.bytes <= s.share(s.cfg.MaxBytes) &&
			mineHere <= s.share(s.cfg.MaxProvidersPerKey))
}

// replace is the usage with h in and old, if it counts here, out.
func (u *usage) replace(h, old *held, counts bool) {
	u.add(h, 1)
	if old != nil && counts {
		u.add(old, -1)
	}
}

func (u *usage) add(h *held, sign int) {
	if h.record != nil {
		u.records += sign
	} else {
		u.providers += sign
	}
	u.bytes += sign * h.size
}

// share is what one source may fill of a limit, at least 1.
func (s *Store) share(limit int) int {
	return max(1, int(float64(limit)*float64(s.cfg.MaxPerSource)/float64(s.cfg.MaxRecords)))
}

// Stats is what a store holds.
type Stats struct {
	Records   int // held for others
	Providers int // provider entries held
	Bytes     int // bytes both count against MaxBytes
	Sources   int // whose word they were stored at
	Published int // records and keys provided that this node publishes
}

// Stats counts what the store holds.
func (s *Store) Stats() Stats {
	return Stats{s.records, s.providers, s.bytes, len(s.sources), len(s.published)}
}
