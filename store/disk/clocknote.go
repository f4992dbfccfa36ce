package disk

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// clockKey is the entry of bucket "journal" with the last ClockNote: since boot 8 | wall
// clock 8 | time 8, all in nanoseconds, and the boot.
const (
	clockKey    = "clock"
	noteSize    = 3 * 8
	noteAtLeast = 30 * time.Second // between two notes of a journal that has nothing else to write
)

// A ClockNote is what the clocks said when the last transaction was written (design
// R6.28).
type ClockNote struct {
	Boot      string        // which start of the machine, empty: not known
	SinceBoot time.Duration // time asleep included
	Wall      time.Time     // of the wall clock
	Time      time.Time     // of the entries
}

// ClockNote is the last note, zero if there is none.
func (j *Journal) ClockNote() (n ClockNote, err error) {
	defer j.caught(&err, j.path)
	err = j.db.View(func(tx *bbolt.Tx) error {
		b, err := metaOf(tx, clockKey)
		if err != nil || b == nil {
			return err
		}
		if len(b) < noteSize {
			return errors.New("the note of the clocks is malformed")
		}
		at := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[8*i:])) }
		n = ClockNote{Boot: string(b[noteSize:]), SinceBoot: time.Duration(at(0)), Wall: time.Unix(0, at(1)), Time: time.Unix(0, at(2))}
		return nil
	})
	if err != nil {
		return ClockNote{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, j.path, err)
	}
	return n, nil
}

// SetClock sets the function that tells the clocks, which each transaction notes. It must
// be called before Write.
func (j *Journal) SetClock(f func() ClockNote) { j.clock = f }

// NoteClock has the clocks noted, unless that has just been done, and calls done as Write
// does. It does not wait.
func (j *Journal) NoteClock(done func(error)) {
	j.mu.Lock()
	if !j.closed {
		j.queue = append(j.queue, write{note: true, done: done, err: cmp.Or(j.failed, j.failing)})
	}
	j.mu.Unlock()
	j.signal()
}

func (j *Journal) noteClock(tx *bbolt.Tx) error {
	if j.clock == nil {
		return nil
	}
	n := j.clock()
	b := binary.BigEndian.AppendUint64(nil, uint64(n.SinceBoot))
	b = binary.BigEndian.AppendUint64(b, uint64(n.Wall.UnixNano()))
	b = binary.BigEndian.AppendUint64(b, uint64(n.Time.UnixNano()))
	j.noted = n.Time
	return putMeta(tx, clockKey, append(b, n.Boot...))
}
