//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package identity

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLock locks a key file that is being made until it is closed, and reports whether
// it could: some network file systems have no locks. If another process or call has the
// lock the error is ErrKeyExists.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, fmt.Errorf("%w: another process is making %s now", ErrKeyExists, f.Name())
	}
	return err == nil, nil
}

// SyncDirectory makes the names of new files in a directory last. Some file systems (FAT
// through FUSE, some shares) cannot sync a directory and say so; they keep names as they do.
func SyncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err = d.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
