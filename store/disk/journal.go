package disk

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"kadmium/histogram"
	"kadmium/identity"
	"kadmium/store"
)

// Errors of a journal, for errors.Is. Their texts name the directory or file.
var (
	// ErrInUse reports a directory that another journal has open.
	ErrInUse = errors.New("data directory in use")
	// ErrUnwritable reports a directory that cannot be made or written to.
	ErrUnwritable = errors.New("data directory not writable")
	// ErrCorrupt reports a damaged file.
	ErrCorrupt = errors.New("damaged data file")
	// ErrVersion reports a file in another version's format.
	ErrVersion = errors.New("data file of another version")
	// ErrOtherNetwork reports a directory with the records of another network.
	ErrOtherNetwork = errors.New("data directory of another network")
	// ErrOtherIdentity reports a directory with the records of another identity.
	ErrOtherIdentity = errors.New("data directory of another identity")
	// ErrReplaced reports that the file at the journal's path is no longer the one that is
	// open, or was written by somebody else.
	ErrReplaced = errors.New("data file replaced")
	// ErrBusy reports that more is waiting to be written than MaxWaiting.
	ErrBusy = errors.New("too much is waiting for the disk")
)

// MaxWaiting is how many changes may wait to be written (design R8.26).
const MaxWaiting = 1 << 16

// syncBounds are those of SyncTimes, in seconds.
var syncBounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

// FileName is the journal's file in its directory.
const FileName = "kadmium.db"

const (
	lockTimeout = 100 * time.Millisecond // for a process that is ending
	pageSize    = 4096                   // bytes; fixed, so that a file moves between machines
	dirMode     = 0o700
	fileMode    = 0o600
)

// A Journal is an open journal file. Close it.
type Journal struct {
	dir, path string
	lock      *os.File
	wake      chan struct{}
	ended     chan struct{}

	// Of the goroutine that writes.
	db          *bbolt.DB     // nil while it is closed after a failure
	file        *os.File      // bbolt's
	info        os.FileInfo   // of the file, when it was first opened
	size        int64         // of the file, at the last commit
	transaction int           // the last one
	pause       time.Duration // before the next try after a failure
	retry       *time.Timer
	clock       func() ClockNote
	noted       time.Time // of the last ClockNote

	mu      sync.Mutex // guards what follows
	queue   []write
	waiting int   // changes in queue
	failing error // why writes fail at present
	failed  error // why nothing will be written any more
	state   func() []store.Change
	syncs   histogram.Histogram // how long commits took, in seconds
	closed  bool
}

// A write is one call of Write; with err it was refused.
type write struct {
	changes []store.Change
	done    func(error)
	err     error
	note    bool // the clocks are to be noted
}

// Open opens the journal in the directory, and makes both if they do not exist. Errors wrap
// ErrInUse, ErrUnwritable, ErrCorrupt or ErrVersion.
func Open(dir string) (*Journal, error) {
	lock, err := lockDirectory(dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, path: filepath.Join(dir, FileName), lock: lock, wake: make(chan struct{}, 1), ended: make(chan struct{}), retry: time.NewTimer(0), syncs: histogram.New(syncBounds)}
	<-j.retry.C
	if err := j.open(); err != nil {
		lock.Close()
		return nil, err
	}
	go j.run()
	return j, nil
}

func (j *Journal) open() error {
	info, err := os.Lstat(j.path)
	if errors.Is(err, os.ErrNotExist) {
		if err := j.create(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrUnwritable, j.dir, err)
		}
	} else if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnwritable, j.dir, err)
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no regular file", ErrCorrupt, j.path)
	}
	if err := j.check(); err != nil {
		return err
	}
	if j.info, err = os.Lstat(j.path); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnwritable, j.dir, err)
	}
	if j.db, err = j.openBolt(j.path); errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("%w: %s: another process has %s open", ErrInUse, j.dir, FileName)
	} else if err != nil {
		return err
	}
	if j.transaction, err = j.lastTransaction(); err != nil {
		j.release(errors.Is(err, ErrCorrupt))
	}
	return err
}

// lastTransaction is the number of the newest transaction in the file.
func (j *Journal) lastTransaction() (id int, err error) {
	defer j.caught(&err, j.path)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = j.db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	return id, err
}

// check opens the file, reports what is wrong with it, and closes it.
func (j *Journal) check() error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnwritable, j.dir, err)
	}
	defer f.Close()
	err = checkFile(f)
	if err == nil || errors.Is(err, ErrVersion) {
		return wrapPath(err, j.path)
	}
	return fmt.Errorf("%w: %s: %w; put back a copy, or move it away to start empty", ErrCorrupt, j.path, err)
}

func wrapPath(err error, path string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// openBolt opens a file that was checked. bbolt's list of free pages is not kept on
// disk, where it could be damaged too.
func (j *Journal) openBolt(path string) (db *bbolt.DB, err error) {
	defer j.caught(&err, path)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return bbolt.Open(path, fileMode, &bbolt.Options{
		Timeout:        lockTimeout,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		PageSize:       pageSize,
		NoStatistics:   true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			j.file = f
			return f, err
		},
	})
}

// caught turns a panic into ErrCorrupt, also a fault of a page that cannot be read: that is
// an error of the disk too (EIO), after which the file may be whole.
func (j *Journal) caught(err *error, path string) {
	switch p := recover().(type) {
	case nil:
	case interface{ Addr() uintptr }:
		*err = fmt.Errorf("%w: %s: %w (%v)", ErrCorrupt, path, syscall.EIO, p)
	default:
		*err = fmt.Errorf("%w: %s: %v", ErrCorrupt, path, p)
	}
}

// create makes the file under another name first, so that it is complete or absent.
func (j *Journal) create() error {
	temporary := j.path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := j.openBolt(temporary)
	if err != nil {
		return err
	}
	err = db.Update(format)
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, j.path); err != nil {
		return err
	}
	return identity.SyncDirectory(j.dir)
}

// Load calls f with every entry, ordered by kind and key, until f fails. The
// entry's bytes are only valid during the call.
func (j *Journal) Load(f func(store.Change) error) (err error) {
	defer j.caught(&err, j.path)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return j.db.View(func(tx *bbolt.Tx) error {
		for _, kind := range store.EntryKinds() {
			name := []byte(kind.String())
			b := tx.Bucket(name)
			if b == nil {
				continue // there are no notes
			}
			err := b.ForEach(func(k, v []byte) error {
				value, err := checkChecksum(name, k, v)
				if err != nil {
					return fmt.Errorf("%w: %s: %w", ErrCorrupt, j.path, err)
				}
				return f(store.Change{Kind: kind, Key: k, Value: value})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// SyncTimes is how long the commits took, sync included, in seconds.
func (j *Journal) SyncTimes() histogram.Histogram {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.syncs.Clone()
}

// Path is the journal's file.
func (j *Journal) Path() string { return j.path }

// Err is the failure that ended all writing, nil while there was none: the file is damaged,
// or no longer this journal's.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}

// Failing is why writes fail at present, nil if they do not.
func (j *Journal) Failing() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return cmp.Or(j.failed, j.failing)
}

// Close writes what is waiting, calls the functions done, and unlocks the directory.
// It must not be called from such a function. Only the first call has an effect.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		<-j.ended
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	j.signal()
	<-j.ended
	err := j.Failing()
	if j.db != nil {
		if cerr := j.db.Close(); err == nil {
			err = cerr
		}
	}
	if cerr := j.lock.Close(); err == nil {
		err = cerr
	}
	return err
}
