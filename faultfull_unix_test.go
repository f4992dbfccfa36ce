//go:build unix

package kadmium_test

import (
	"os/signal"
	"syscall"
	"testing"
)

// canFillDisks says that setFileLimit works here.
const canFillDisks = true

// fullDisks prepares the process for writes that fail.
func fullDisks(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ) // the error is enough
	t.Cleanup(func() {
		setFileLimit(false)
		signal.Reset(syscall.SIGXFSZ)
	})
}

// setFileLimit lets every write of this process to a file fail, or none.
func setFileLimit(full bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
	limit.Cur = limit.Max
	if full {
		limit.Cur = 0
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}
