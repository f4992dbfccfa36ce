package store

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"kadmium/identity"
)

// ErrBadEntry reports a journal entry that no version of this package wrote.
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

// An Op is one change of the journal: under Key in Bucket stands Value now, or
// nothing if Value is nil. It owns its bytes.
type Op struct {
	Bucket     Bucket
	Key, Value []byte
}

// ops is what a change returns: nothing without a journal.
func (s *Store) ops(ops ...Op) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return ops
}

// op writes h as it is now.
func (s *Store) op(h *held) []Op {
	if s.cfg.Volatile {
		return nil
	}
	return []Op{h.op()}
}

func (h *held) op() Op { return Op{Bucket: h.bucket(), Key: h.journalKey(), Value: appendHeld(nil, h)} }

// deletion takes h out of the journal.
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

// TableOp writes the addresses of the routing table's contacts.
func TableOp(contacts []identity.Address) Op {
	return Op{Bucket: TableBucket, Key: []byte(tableKey), Value: appendTable(nil, contacts)}
}

const tableKey = "contacts"

// Table is the contacts that the journal brought.
func (s *Store) Table() []identity.Address { return s.table }

// Load takes in one journal entry when the node starts; entries come in any
// order. What has expired meanwhile, or is no longer valid, is counted until
// Expire removes it, but never given out. ErrBadEntry reports an entry that this
// package did not write.
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
		return fmt.Errorf("%w: %s %q: %w", ErrBadEntry, op.Bucket, shown(op.Key), err)
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
	h.heard = earlier(h.heard, now) // a clock that was set back meanwhile stretches nothing
	known := s.byKey[string(e.key)] != nil
	s.link(e.key, h)
	if !known || e.between < h.entry.Between { // entries of one key may have been written at different times
		s.SetHolder(e.key, e.between)
	}
	s.expiry.set(&h.expires, earlier(e.expires, now.Add(MaxTTL)))
	if s.invalidNow(h) {
		s.expiry.set(&h.expires, now)
	}
	s.putOff(h, s.afterRestart(now, h))
	return nil
}

// holding is what is held in the place that h would take.
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

// invalidNow reports what was valid when it was written: the network's name may
// have changed, or the namespaces that are registered.
func (s *Store) invalidNow(h *held) bool {
	if h.record != nil {
		return s.names.Validate(h.record) != nil
	}
	return s.names.VerifyProvider(h.provider) != nil
}

// afterRestart is when h is stored again if nobody does before. STOREs were missed
// while the node was down, so what is overdue is spread over the jitter's range,
// by a number that differs from holder to holder.
func (s *Store) afterRestart(now time.Time, h *held) time.Time {
	spread := uint64(h.heard.UnixNano()) * 0x9e3779b97f4a7c15 // Fibonacci hashing
	jitter := time.Duration((spread >> 1) % uint64(s.cfg.ReplicateJitter))
	if at := h.heard.Add(ReplicateAfter + jitter); at.After(now) {
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
		s.use(op.Key, sequence)
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
