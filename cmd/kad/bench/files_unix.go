//go:build unix

package bench

import "syscall"

// MayOpen is how many files the process may have open: the soft limit, which the runtime
// has raised to the hard one.
func MayOpen() (limit uint64, known bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
