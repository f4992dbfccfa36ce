package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"time"
)

// listenControl opens a control socket, mode 0600 from the start. The socket of
// a killed node is replaced. The socket of a running node, or a file of another kind,
// stays.
func listenControl(path string) (*net.UnixListener, error) {
	if err := checkSocketPath(path); err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, notDone("choose another path with --control", "control socket: %v", err)
	case info.Mode().Type() != fs.ModeSocket:
		return nil, notDone("choose another path with --control", "control socket %s: a file of another kind is there; it is left as it is", path)
	default:
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, notDone("stop the other node, or choose another path with --control", "control socket %s: another node is listening there", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, notDone("remove it, or choose another path with --control", "control socket %s: left behind by an earlier node: %v", path, err)
		}
	}
	l, err := listenPrivately(path)
	if err != nil {
		return nil, notDone("choose another path with --control", "control socket %s: %v", path, err)
	}
	return l, nil
}
