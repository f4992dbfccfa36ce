//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kadmium/identity"
)

// lockDirectory makes the directory if it does not exist, and locks it. The lock ends
// with the file that is returned, or with the process. It is on the directory and not
// on the journal's file, so that the file can be checked and made under it.
func lockDirectory(dir string) (*os.File, error) {
	if err := makeDirectory(dir); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnwritable, dir, err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnwritable, dir, err)
	}
	for start := time.Now(); ; time.Sleep(lockTimeout / 10) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(start) >= lockTimeout {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s: another process has it open", ErrInUse, dir)
	}
	return nil, fmt.Errorf("%w: %s: locking it: %w", ErrUnwritable, dir, err)
}

func makeDirectory(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return errors.New("not a directory")
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	return identity.SyncDirectory(filepath.Dir(filepath.Clean(dir)))
}

// unlock ends bbolt's lock of the file. Closing it does not while it is mapped.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
