//go:build !unix

package main

import (
	"io/fs"
	"net"
)

// ofAnotherUser is not known here: the rights of the directory must suffice.
func ofAnotherUser(fs.FileInfo) bool { return false }

// listenPrivately opens a socket. Who may connect to it the directory's rights say.
func listenPrivately(path string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
