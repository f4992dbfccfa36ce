//go:build unix

package api

import (
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
)

// maxSocketPath is the longest path of a unix socket, in bytes: the system's
// address structure, less the zero byte that ends it.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// connectionRefused is what the system says of a socket at which nobody listens.
const connectionRefused = syscall.ECONNREFUSED

// umask guards the umask of the process, which listenPrivate changes for a moment.
var umask sync.Mutex

// listenPrivate listens on a socket that only its owner can use.
func listenPrivate(path string) (net.Listener, error) {
	umask.Lock()
	defer umask.Unlock()
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// ofAnotherUser reports whether a file belongs to neither this user nor root.
func ofAnotherUser(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && foreign(owner.Uid, uint32(os.Getuid()))
}

// foreign reports whether what owner has may not be used by me. For root all is its own.
func foreign(owner, me uint32) bool { return owner != me && owner != 0 && me != 0 }
