package api

import (
	"io/fs"
	"net"
	"syscall"
)

// maxSocketPath is the longest path of a unix socket on Windows, in bytes.
const maxSocketPath = 107

// listenPrivate listens on a socket that those can use whom the access list of its
// directory lets.
func listenPrivate(path string) (net.Listener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// connectionRefused is what Windows says of a socket at which nobody listens.
const connectionRefused = syscall.Errno(10061) // WSAECONNREFUSED

// ofAnotherUser is false: the access list of the directory says whose the socket is.
func ofAnotherUser(fs.FileInfo) bool { return false }
