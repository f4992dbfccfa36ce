//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package identity

import "os"

// tryLock locks nothing on these systems: exclusive creation must suffice.
func tryLock(*os.File) (bool, error) { return false, nil }

// SyncDirectory does nothing: directories cannot be synced on these systems.
func SyncDirectory(string) error { return nil }
