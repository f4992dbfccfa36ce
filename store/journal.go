package store

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"kadmium/identity"
)

var (
	// ErrBadEntry reports a journal entry that this package cannot have written.
	ErrBadEntry = errors.New("bad journal entry")
	// ErrEntryVersion reports one, beside ErrBadEntry, that another version of it has written.
	ErrEntryVersion = errors.New("another version")
)

// An EntryKind is a kind of journal entry.
type EntryKind uint8

// The kinds of entries, and what their keys are.
const (
	RecordEntry    EntryKind = 1 + iota // a record held: its key
	ProviderEntry                       // a provider entry held: its key and the provider's 32 bytes
	PublishedEntry                      // a publication of this node: 'r' or 'p', and its key
	SequenceEntry                       // the highest sequence this node used: 'r' or 'p', and its key
	TableEntry                          // the routing table: "contacts"
	NoteEntry                           // a note about a peer: the 32 bytes of its ID, and the note's name
)

var entryKindNames = [...]string{"?", "record", "provider", "published", "sequence", "table", "note"}

// EntryKinds lists all kinds.
func EntryKinds() []EntryKind {
	return []EntryKind{RecordEntry, ProviderEntry, PublishedEntry, SequenceEntry, TableEntry, NoteEntry}
}

// String is the kind's name on disk.
func (k EntryKind) String() string {
	if int(k) >= len(entryKindNames) {
		return entryKindNames[0]
	}
	return entryKindNames[k]
}

// A Change is one change of the journal: it sets the entry of this kind and key to
// Value, or deletes it if Value is nil. It owns its bytes.
type Change struct {
	Kind       EntryKind
	Key, Value []byte
}

// changes returns its arguments, or nil if there is no journal.
func (s *Store) changes(changes ...Change) []Change {
	if s.cfg.Volatile {
		return nil
	}
	return changes
}

// changed is the change that writes an item in its present state, nil if there is no
// journal.
func (s *Store) changed(it *item) []Change {
	if s.cfg.Volatile {
		return nil
	}
	return []Change{it.change()}
}

func (it *item) change() Change {
	return Change{Kind: it.kind(), Key: it.journalKey(), Value: appendItem(nil, it)}
}

// deletion is the change that removes an item from the journal, nil if there is none.
func (s *Store) deletion(it *item) []Change {
	if s.cfg.Volatile {
		return nil
	}
	return []Change{{Kind: it.kind(), Key: it.journalKey()}}
}

func (it *item) kind() EntryKind {
	if it.record != nil {
		return RecordEntry
	}
	return ProviderEntry
}

func (it *item) journalKey() []byte {
	key := append(make([]byte, 0, len(it.keyItems.Key)+len(identity.ID{})), it.keyItems.Key...)
	if it.provider != nil {
		key = append(key, it.provider.Peer.ID[:]...)
	}
	return key
}

func (s *Store) publishedChange(p *Published) []Change {
	if s.cfg.Volatile {
		return nil
	}
	return []Change{p.change()}
}

func (p *Published) change() Change {
	return Change{Kind: PublishedEntry, Key: p.publication(), Value: appendPublished(nil, p)}
}

// TableChange is the change that writes the contacts of the routing table.
func TableChange(contacts []identity.Address) Change {
	return Change{Kind: TableEntry, Key: []byte(tableKey), Value: appendTable(nil, contacts)}
}

// NoteChange is the change that writes a note about a peer; a nil text removes it.
func NoteChange(peer identity.ID, name string, text []byte) Change {
	c := Change{Kind: NoteEntry, Key: append(peer[:len(peer):len(peer)], name...)}
	if text != nil {
		c.Value = append([]byte{entryVersion}, text...)
	}
	return c
}

// ParseNote reads a journal entry of a note. Its error is ErrBadEntry.
func ParseNote(c Change) (peer identity.ID, name string, text []byte, err error) {
	r := reader{rest: c.Value}
	if r.version(); len(c.Key) <= len(peer) && r.err == nil {
		r.err = errShort
	}
	if r.err != nil {
		return peer, "", nil, fmt.Errorf("%w: %s %q: %w", ErrBadEntry, c.Kind, truncated(c.Key), r.err)
	}
	copy(peer[:], c.Key)
	return peer, string(c.Key[len(peer):]), r.remainder(), nil
}

const tableKey = "contacts"

// Table is the contacts that were loaded from the journal.
func (s *Store) Table() []identity.Address { return s.table }

// Load reads one journal entry when the node starts, in any order. A record or
// provider entry that has expired since, or that is no longer valid, counts against
// the limits until Expire removes it, but is never returned. The error wraps
// ErrBadEntry.
func (s *Store) Load(now time.Time, c Change) error {
	c.Key = bytes.Clone(c.Key)
	var err error
	switch c.Kind {
	case RecordEntry, ProviderEntry:
		err = s.loadItem(now, c)
	case PublishedEntry:
		err = s.loadPublished(now, c)
	case SequenceEntry:
		err = s.loadSequence(c)
	case TableEntry:
		s.open()
		s.table, err = parseTable(c)
	default:
		err = fmt.Errorf("no kind %d", c.Kind)
	}
	if err != nil {
		return fmt.Errorf("%w: %s %q: %w", ErrBadEntry, c.Kind, truncated(c.Key), err)
	}
	return nil
}

func (s *Store) loadItem(now time.Time, c Change) error {
	loaded, err := parseItem(c)
	if err != nil {
		return err
	}
	it := loaded.item
	if old := s.holding(loaded.key, it); old != nil {
		s.unlink(old)
	}
	it.lastStore = earlier(it.lastStore, now) // so that a clock that was set back extends nothing
	known := s.byKey[string(loaded.key)] != nil
	s.link(loaded.key, it)
	if !known || loaded.between < it.keyItems.Between { // the items of a key may have been written at different times
		s.SetBetween(loaded.key, loaded.between)
	}
	s.expiry.set(&it.expires, earlier(loaded.expires, now.Add(MaxTTL)))
	if it.loaded = true; s.invalidNow(it) {
		s.expiry.set(&it.expires, now)
		it.loaded = false // nothing revives it
	}
	if s.cfg.MayRevive && s.revivable == nil {
		s.revivable = &revivable{until: now.Add(ReviveTime)}
	}
	s.judgeAt(it, s.afterRestart(now, it))
	return nil
}

// holding is the item that this one would replace, nil if there is none.
func (s *Store) holding(key []byte, it *item) *item {
	items := s.byKey[string(key)]
	if it.provider != nil {
		return items.provider(it.provider.Peer.ID)
	}
	if items == nil {
		return nil
	}
	return items.record
}

// invalidNow reports whether an item, valid when it was written, no longer is: the
// registered namespaces may have changed. The checksum of its journal entry covers its
// signature, which is checked only if the journal may be of another network (design
// R6.24).
func (s *Store) invalidNow(it *item) bool {
	if it.record != nil {
		return s.names.validate(it.record, s.cfg.CheckLoaded) != nil
	}
	return s.cfg.CheckLoaded && s.names.VerifyProvider(it.provider) != nil
}

// afterRestart is when an item is replicated unless a STORE comes first. The node missed
// STOREs while it was down, so overdue replications are spread over the range of the
// jitter, by a number that differs from holder to holder.
func (s *Store) afterRestart(now time.Time, it *item) time.Time {
	spread := uint64(it.lastStore.UnixNano()) * 0x9e3779b97f4a7c15 // Fibonacci hashing
	jitter := time.Duration((spread >> 1) % uint64(s.cfg.replicateJitter))
	if at := it.lastStore.Add(ReplicateAfter + jitter); at.After(now) {
		return at
	}
	return now.Add(jitter)
}

func (s *Store) loadPublished(now time.Time, c Change) error {
	p, due, err := parsePublished(c)
	if err != nil {
		return err
	}
	if p.Waits == WaitsNot && due.After(now) && !due.After(now.Add(republishRetry)) {
		p.Waits = WaitsChosen // nobody confirmed it, and its entry cannot say why; or it is due anyway
	}
	s.keep(c.Key, p, earlier(due, now.Add(RepublishEvery)))
	return nil
}

func (s *Store) loadSequence(c Change) error {
	sequence, err := parseSequence(c)
	if err == nil {
		s.raiseSequence(c.Key, sequence)
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
