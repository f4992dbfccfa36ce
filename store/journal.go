package store

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"kadmium/identity"
)

// ErrBadEntry reports a journal entry that this package cannot have written.
var ErrBadEntry = errors.New("bad journal entry")

// A Bucket is a kind of journal entry.
type Bucket uint8

// The buckets, and what their keys are.
const (
	RecordBucket    Bucket = 1 + iota // a record held: its key
	ProviderBucket                    // a provider entry held: its key and the provider's 32 bytes
	PublishedBucket                   // a publication of this node: 'r' or 'p', and its key
	SequenceBucket                    // the highest sequence this node used: 'r' or 'p', and its key
	TableBucket                       // the routing table: "contacts"
)

var bucketNames = [...]string{"?", "record", "provider", "published", "sequence", "table"}

// Buckets lists all buckets.
func Buckets() []Bucket {
	return []Bucket{RecordBucket, ProviderBucket, PublishedBucket, SequenceBucket, TableBucket}
}

// String is the bucket's name on disk.
func (b Bucket) String() string {
	if int(b) >= len(bucketNames) {
		return bucketNames[0]
	}
	return bucketNames[b]
}

// An Op is one change of the journal: it sets Key in Bucket to Value, or deletes Key
// if Value is nil. It owns its bytes.
type Op struct {
	Bucket     Bucket
	Key, Value []byte
}

// ops are the operations, or nil if there is no journal.
func (s *Store) ops(ops ...Op) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return ops
}

// op is the operation that writes h in its present state.
func (s *Store) op(h *held) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return []Op{h.op()}
}

func (h *held) op() Op { return Op{Bucket: h.bucket(), Key: h.journalKey(), Value: appendHeld(nil, h)} }

// deletion is the operation that removes h from the journal.
func (s *Store) deletion(h *held) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return []Op{{Bucket: h.bucket(), Key: h.journalKey()}}
}

func (h *held) bucket() Bucket {
	if h.record != nil {
		return RecordBucket
	}
	return ProviderBucket
}

func (h *held) journalKey() []byte {
	key := append(make([]byte, 0, len(h.entry.Key)+len(identity.ID{})), h.entry.Key...)
	if h.provider != nil {
		key = append(key, h.provider.Peer.ID[:]...)
	}
	return key
}

func (s *Store) publishedOp(p *Published) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return []Op{p.op()}
}

func (p *Published) op() Op {
	return Op{Bucket: PublishedBucket, Key: p.publication(), Value: appendPublished(nil, p)}
}

// TableOp is the operation that writes the contacts of the routing table.
func TableOp(contacts []identity.Address) Op {
	return Op{Bucket: TableBucket, Key: []byte(tableKey), Value: appendTable(nil, contacts)}
}

const tableKey = "contacts"

// Table is the contacts that were loaded from the journal.
func (s *Store) Table() []identity.Address { return s.table }

// Load reads one journal entry when the node starts, in any order. A record or
// provider entry that has expired since, or that is no longer valid, counts against
// the limits until Expire removes it, but is never returned. The error wraps
// ErrBadEntry.
func (s *Store) Load(now time.Time, op Op) error {
	op.Key = bytes.Clone(op.Key)
	var err error
	switch op.Bucket {
	case RecordBucket, ProviderBucket:
		err = s.loadHeld(now, op)
	case PublishedBucket:
		err = s.loadPublished(now, op)
	case SequenceBucket:
		err = s.loadSequence(op)
	case TableBucket:
		s.table, err = parseTable(op)
	default:
		err = fmt.Errorf("no bucket %d", op.Bucket)
	}
	if err != nil {
		return fmt.Errorf("%w: %s %q: %w", ErrBadEntry, op.Bucket, truncated(op.Key), err)
	}
	return nil
}

func (s *Store) loadHeld(now time.Time, op Op) error {
	e, err := parseHeld(op)
	if err != nil {
		return err
	}
	h := e.held
	if old := s.holding(e.key, h); old != nil {
		s.unlink(old)
	}
	h.lastStore = earlier(h.lastStore, now) // so that a clock that was set back extends nothing
	known := s.byKey[string(e.key)] != nil
	s.link(e.key, h)
	if !known || e.between < h.entry.Between { // the entries of a key may have been written at different times
		s.SetHolder(e.key, e.between)
	}
	s.expiry.set(&h.expires, earlier(e.expires, now.Add(MaxTTL)))
	if s.invalidNow(h) {
		s.expiry.set(&h.expires, now)
	}
	s.scheduleReplication(h, s.afterRestart(now, h))
	return nil
}

// holding is the record or provider entry that h would replace, nil if there is none.
func (s *Store) holding(key []byte, h *held) *held {
	e := s.byKey[string(key)]
	if h.provider != nil {
		return e.provider(h.provider.Peer.ID)
	}
	if e == nil {
		return nil
	}
	return e.record
}

// invalidNow reports whether h, which was valid when it was written, no longer is:
// the network's name or the registered namespaces may have changed.
func (s *Store) invalidNow(h *held) bool {
	if h.record != nil {
		return s.names.Validate(h.record) != nil
	}
	return s.names.VerifyProvider(h.provider) != nil
}

// afterRestart is when h is replicated unless a STORE comes first. The node missed
// STOREs while it was down, so overdue replications are spread over the range of the
// jitter, by a number that differs from holder to holder.
func (s *Store) afterRestart(now time.Time, h *held) time.Time {
	spread := uint64(h.lastStore.UnixNano()) * 0x9e3779b97f4a7c15 // Fibonacci hashing
	jitter := time.Duration((spread >> 1) % uint64(s.cfg.replicateJitter))
	if at := h.lastStore.Add(ReplicateAfter + jitter); at.After(now) {
		return at
	}
	return now.Add(jitter)
}

func (s *Store) loadPublished(now time.Time, op Op) error {
	p, due, err := parsePublished(op)
	if err != nil {
		return err
	}
	s.keep(op.Key, p, earlier(due, now.Add(RepublishEvery)))
	return nil
}

func (s *Store) loadSequence(op Op) error {
	sequence, err := parseSequence(op)
	if err == nil {
		s.raiseSequence(op.Key, sequence)
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
