package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// socketProblem is the problem of a unix socket that cannot be used.
func socketProblem(next, format string, args ...any) *Problem {
	return problem("socket", "the control socket cannot be used", http.StatusInternalServerError, exitNotDone, next, format, args...)
}

// CheckSocketPath refuses a path that no unix socket can have.
func CheckSocketPath(path string) error {
	if len(path) > maxSocketPath {
		return badRequest("give a shorter one with --control",
			"control socket path %s: %d bytes are too long for a unix socket, which may have %d", path, len(path), maxSocketPath)
	}
	return nil
}

// ListenUnix opens a control socket, mode 0600 from the start. The socket of a killed
// node is replaced. The socket of a running node, or a file of another kind, stays.
func ListenUnix(path string) (*Socket, error) {
	if err := CheckSocketPath(path); err != nil {
		return nil, err
	}
	const choose = "choose another path with --control"
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, socketProblem(choose, "control socket: %v", err)
	case info.Mode().Type() != fs.ModeSocket:
		return nil, socketProblem(choose, "control socket %s: a file of another kind is there; it is left as it is", path)
	default:
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, socketProblem("stop the other node, or choose another path with --control", "control socket %s: another node is listening there", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, socketProblem("remove it, or choose another path with --control", "control socket %s: left behind by an earlier node: %v", path, err)
		}
	}
	l, err := listenPrivate(path)
	if err != nil {
		return nil, socketProblem(choose, "control socket %s: %v", path, err)
	}
	s, err := newSocket(path, l)
	if err != nil {
		return nil, socketProblem(choose, "control socket %s: %v", path, err)
	}
	return s, nil
}

// DialUnix is a client of the first of the control sockets at which a node listens. The
// socket of another user is refused: who would read what we send, and answer anything.
func DialUnix(ctx context.Context, paths ...string) (*Client, error) {
	for _, path := range paths {
		if err := CheckSocketPath(path); err != nil {
			return nil, err
		}
		c, err := dialOwn(ctx, path)
		switch {
		case err == nil:
			return newUnixClient(c, path), nil
		case errors.As(err, new(*Problem)):
			return nil, err
		case !slices.ContainsFunc(nobodyThere, func(e error) bool { return errors.Is(err, e) }):
			return nil, socketProblem("check the path and its permissions", "control socket %s: %v", path, err)
		}
	}
	return nil, fmt.Errorf("%w at %s", ErrNoNode, strings.Join(paths, " or "))
}

// ErrNoNode reports that nobody listens at a control socket.
var ErrNoNode = errors.New("no node is running")

// nobodyThere are the errors that mean that no node listens at a path.
var nobodyThere = []error{fs.ErrNotExist, connectionRefused, syscall.ENOTDIR, syscall.ENOTSOCK}

func dialOwn(ctx context.Context, path string) (net.Conn, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if ofAnotherUser(info) {
		return nil, socketProblem("name the right one with --control", "control socket %s belongs to another user", path)
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}
