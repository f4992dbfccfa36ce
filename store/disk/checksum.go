package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"go.etcd.io/bbolt"

	"kadmium/store"
)

// Each kind of entry has a bbolt bucket of its name. An entry's value on disk is a
// CRC-32C (4 bytes, big-endian) of its bucket's name, its key and its value, then the
// value. One more bucket, "journal", holds the format's version and the totals: the
// number of all other entries and the sum of their checksums, so that a missing entry
// is noticed too.
//
// A file has format 1 and no bucket for notes until the first note is written, and then
// NotesFormat: a program that knows no notes refuses it, and opens all others.
const (
	checksumSize = 4
	firstFormat  = 1
	metaBucket   = "journal"
	formatKey    = "format"
	totalsKey    = "totals"
)

// NotesFormat is the format of files that have notes, or once had one.
const NotesFormat = 2

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errChecksum = errors.New("an entry's checksum is wrong")

func checksum(bucket, key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, bucket)
	sum = crc32.Update(sum, castagnoli, []byte{0, byte(len(key) >> 8), byte(len(key))})
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, value)
}

// addChecksum is the value with its checksum before it.
func addChecksum(bucket, key, value []byte) []byte {
	b := make([]byte, 0, checksumSize+len(value))
	b = binary.BigEndian.AppendUint32(b, checksum(bucket, key, value))
	return append(b, value...)
}

// checkChecksum is the value that addChecksum was given, or errChecksum.
func checkChecksum(bucket, key, stored []byte) ([]byte, error) {
	if len(stored) < checksumSize || binary.BigEndian.Uint32(stored) != checksum(bucket, key, stored[checksumSize:]) {
		return nil, fmt.Errorf("%w: %s %q", errChecksum, bucket, key[:min(len(key), 80)])
	}
	return stored[checksumSize:], nil
}

// totals are the number of entries and the sum of their checksums.
type totals struct{ count, sum uint64 }

func (t *totals) add(stored []byte) {
	t.count++
	t.sum += uint64(binary.BigEndian.Uint32(stored))
}

func (t *totals) remove(stored []byte) {
	t.count--
	t.sum -= uint64(binary.BigEndian.Uint32(stored))
}

func parseTotals(value []byte) (t totals, err error) {
	if len(value) != 16 {
		return t, errors.New("the totals are malformed")
	}
	return totals{binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:])}, nil
}

func totalsOf(tx *bbolt.Tx) (t totals, err error) {
	value, err := checkChecksum([]byte(metaBucket), []byte(totalsKey), tx.Bucket([]byte(metaBucket)).Get([]byte(totalsKey)))
	if err != nil {
		return t, err
	}
	return parseTotals(value)
}

func (t *totals) put(tx *bbolt.Tx) error {
	value := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, t.count), t.sum)
	return putMeta(tx, totalsKey, value)
}

func putMeta(tx *bbolt.Tx, key string, value []byte) error {
	return tx.Bucket([]byte(metaBucket)).Put([]byte(key), addChecksum([]byte(metaBucket), []byte(key), value))
}

// format makes the buckets of a new file.
func format(tx *bbolt.Tx) error {
	for _, kind := range kinds(firstFormat) {
		if _, err := tx.CreateBucket([]byte(kind.String())); err != nil {
			return err
		}
	}
	if _, err := tx.CreateBucket([]byte(metaBucket)); err != nil {
		return err
	}
	if err := putMeta(tx, formatKey, []byte{firstFormat}); err != nil {
		return err
	}
	return new(totals).put(tx)
}

// kinds are the kinds of entries that a file of the format has buckets for.
func kinds(format byte) []store.EntryKind {
	all := store.EntryKinds()
	if format < NotesFormat {
		all = slices.DeleteFunc(all, func(k store.EntryKind) bool { return k == store.NoteEntry })
	}
	return all
}

// addNotes makes a file of the first format one with notes.
func addNotes(tx *bbolt.Tx) (*bbolt.Bucket, error) {
	if err := putMeta(tx, formatKey, []byte{NotesFormat}); err != nil {
		return nil, err
	}
	return tx.CreateBucket([]byte(store.NoteEntry.String()))
}

// Format is the file's format before any Write.
func (j *Journal) Format() (format int, err error) {
	defer j.caught(&err, j.path)
	err = j.db.View(func(tx *bbolt.Tx) error {
		b, err := metaOf(tx, formatKey)
		if err == nil {
			format = int(b[0])
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrCorrupt, j.path, err)
	}
	return format, nil
}

// A content is what a check has seen of a file's entries.
type content struct {
	totals  totals
	buckets map[string]bool
	meta    map[string][]byte // of the bucket "journal"
}

// entry adds one entry of a bucket.
func (c *content) entry(bucket string, key, stored []byte) error {
	value, err := checkChecksum([]byte(bucket), key, stored)
	if err != nil {
		return err
	}
	if bucket == metaBucket {
		c.meta[string(key)] = bytes.Clone(value)
		return nil
	}
	c.totals.add(stored)
	return nil
}

// complete reports what is missing.
func (c *content) complete() error {
	format := c.meta[formatKey]
	if len(format) == 1 && (format[0] < firstFormat || format[0] > NotesFormat) {
		return fmt.Errorf("%w: it has format %d, this program reads %d to %d", ErrVersion, format[0], firstFormat, NotesFormat)
	}
	if len(format) != 1 || len(c.buckets) != len(kinds(format[0]))+1 {
		return errors.New("it is not a journal, or parts of it are missing")
	}
	for _, kind := range kinds(format[0]) {
		if !c.buckets[kind.String()] {
			return fmt.Errorf("bucket %q is missing", kind)
		}
	}
	want, err := parseTotals(c.meta[totalsKey])
	if err != nil {
		return err
	}
	if c.totals != want {
		return fmt.Errorf("it should have %d entries with sum %x, and has %d with %x", want.count, want.sum, c.totals.count, c.totals.sum)
	}
	return nil
}
