//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package disk

import (
	"fmt"
	"os"
)

// lockDirectory makes the directory if it does not exist. Directories cannot be locked
// on these systems; bbolt's lock on the journal's file must suffice.
func lockDirectory(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnwritable, dir, err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnwritable, dir, err)
	}
	return f, nil
}

// unlock does nothing: closing the file ends bbolt's lock of it.
func unlock(*os.File) {}
