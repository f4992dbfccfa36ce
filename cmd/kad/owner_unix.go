//go:build unix

package main

import (
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
)

// ofAnotherUser reports whether a file belongs to a user other than this one and root. To
// root it makes no difference.
func ofAnotherUser(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	me := uint32(os.Getuid())
	return ok && owner.Uid != me && owner.Uid != 0 && me != 0
}

// umask guards the umask of the process, which listenPrivately changes for a moment.
var umask sync.Mutex

// listenPrivately opens a socket that no other user may connect to.
func listenPrivately(path string) (*net.UnixListener, error) {
	umask.Lock()
	defer umask.Unlock()
	defer syscall.Umask(syscall.Umask(0o177))
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
