package store

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
	"time"

	"kadmium/rpc"
)

// A Published is a record or provider entry that this node publishes again and again
// (design R6.8). It must not be changed.
type Published struct {
	Record   *rpc.Record   // either this; its TTL is the lifetime that each publication starts
	Provider *rpc.Provider // or this
	Waits    Waiting       // the Store sets it
	due      timer[Published]
	since    time.Time // of the last publication that others confirmed
}

// A Waiting says whether a publication that no other node has taken waits for a peer to
// answer, and whether it may then get another sequence (design R6.29).
type Waiting byte

const (
	WaitsNot    Waiting = iota // others have it, or refuse it
	WaitsOpen                  // with any sequence that wins
	WaitsChosen                // with the sequence that its publisher chose
)

// Due is when it is published next.
func (p *Published) Due() time.Time { return p.due.at }

// Key is the key of the record or provider entry.
func (p *Published) Key() []byte {
	if p.Record != nil {
		return p.Record.Key
	}
	return p.Provider.Key
}

// EachPublished calls f with what this node publishes, the n of it that are first by kind and
// key (0: all), in no order, and with when each expires unless it is published again.
func (s *Store) EachPublished(now time.Time, n int, f func(p *Published, expires time.Time)) {
	if n <= 0 {
		n = len(s.published)
	}
	var first lastFirst
	for _, p := range s.published {
		switch {
		case len(first) < n:
			heap.Push(&first, p)
		case p.compare(first[0]) < 0:
			first[0] = p
			heap.Fix(&first, 0)
		}
	}
	for _, p := range first {
		expires := p.since.Add(p.lifetime())
		if own := s.ownCopy(p); own != nil && !own.expired(now) && own.expires.at.After(expires) {
			expires = own.expires.at
		}
		f(p, expires)
	}
}

// lastFirst are publications as a heap, the last by kind and key at its head.
type lastFirst []*Published

func (l lastFirst) Len() int           { return len(l) }
func (l lastFirst) Less(i, j int) bool { return l[i].compare(l[j]) > 0 }
func (l lastFirst) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lastFirst) Push(x any)        { *l = append(*l, x.(*Published)) }
func (l *lastFirst) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// lifetime is the one that each publication starts.
func (p *Published) lifetime() time.Duration {
	if p.Record != nil {
		return p.Record.TTL
	}
	return p.Provider.TTL
}

// ownCopy is what this node holds of a publication, nil if it holds another record or
// nothing.
func (s *Store) ownCopy(p *Published) *item {
	items := s.byKey[string(p.Key())]
	switch {
	case items == nil:
	case p.Record != nil:
		if it := items.record; it != nil && it.record.Sequence == p.Record.Sequence && bytes.Equal(it.record.Value, p.Record.Value) {
			return it
		}
	default:
		for _, it := range items.providers {
			if it.provider.Peer.ID == p.Provider.Peer.ID {
				return it
			}
		}
	}
	return nil
}

// Publications are identified by their kind and their key.
const (
	recordKind   = 'r'
	providerKind = 'p'
)

func publication(kind byte, key []byte) []byte {
	return append([]byte{kind}, key...)
}

func (p *Published) kind() byte {
	if p.Record != nil {
		return recordKind
	}
	return providerKind
}

func (p *Published) publication() []byte { return publication(p.kind(), p.Key()) }

// compare orders publications by kind and key.
func (p *Published) compare(other *Published) int {
	return cmp.Or(cmp.Compare(p.kind(), other.kind()), bytes.Compare(p.Key(), other.Key()))
}

// Publish notes that this node has just published the record, with a lifetime of
// r.TTL, and publishes it again until Unpublish. A record whose lifetime ends before
// the next publication is due is not published again (design R6.9).
func (s *Store) Publish(now time.Time, r *rpc.Record) []Change {
	clone := cloneRecord(r)
	clone.Key, clone.TTL = bytes.Clone(r.Key), r.TTL
	return s.publish(now, &Published{Record: clone}, r.TTL, r.Sequence)
}

// PublishProvider is Publish for a provider entry of this node.
func (s *Store) PublishProvider(now time.Time, p *rpc.Provider) []Change {
	clone := *p
	clone.Key, clone.Signature = bytes.Clone(p.Key), bytes.Clone(p.Signature)
	return s.publish(now, &Published{Provider: &clone}, p.TTL, p.Sequence)
}

func (s *Store) publish(now time.Time, p *Published, ttl time.Duration, sequence uint64) []Change {
	key := p.publication()
	changes := s.raiseSequence(key, sequence)
	if !s.IsRepublished(ttl) {
		more, _ := s.unpublish(key)
		return append(changes, more...)
	}
	s.keep(key, p, now.Add(RepublishEvery))
	return append(changes, s.publishedChange(p)...)
}

// keep notes p as published, and replaces what had the same kind and key.
func (s *Store) keep(key []byte, p *Published, due time.Time) {
	s.open()
	if old := s.published[string(key)]; old != nil {
		s.republish.remove(&old.due)
	} else if p.Provider != nil {
		s.provided++
	}
	if s.published == nil {
		s.published = make(map[string]*Published)
	}
	s.published[string(key)] = p
	p.due.of = p
	p.since = due.Add(-RepublishEvery)
	s.republish.set(&p.due, due)
}

// Unpublish ends the publication of the key's record and provider entry, which then
// expire, and returns whether this node published either.
func (s *Store) Unpublish(key []byte) ([]Change, bool) {
	changes, record := s.unpublish(publication(recordKind, key))
	more, provider := s.unpublish(publication(providerKind, key))
	return append(changes, more...), record || provider
}

func (s *Store) unpublish(key []byte) ([]Change, bool) {
	p := s.published[string(key)]
	if p == nil {
		return nil, false
	}
	s.republish.remove(&p.due)
	delete(s.published, string(key))
	if p.Provider != nil {
		s.provided--
	}
	return s.changes(Change{Kind: PublishedEntry, Key: key}), true
}

// Published is the record and the provider entry that this node publishes under
// the key; nil for those that it does not.
func (s *Store) Published(key []byte) (record, provider *Published) {
	return s.published[string(publication(recordKind, key))], s.published[string(publication(providerKind, key))]
}

// IsPublished reports whether p is still published: it was not unpublished or replaced.
func (s *Store) IsPublished(p *Published) bool {
	return s.published[string(p.publication())] == p
}

// allPublished appends everything this node publishes, ordered by key.
func (s *Store) allPublished(dst []*Published) []*Published {
	start := len(dst)
	for _, p := range s.published {
		dst = append(dst, p)
	}
	slices.SortFunc(dst[start:], (*Published).compare)
	return dst
}
