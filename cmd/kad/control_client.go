package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// runOnRunningNode runs an operation on the running node at the other end of c.
func runOnRunningNode[A, R any](ctx context.Context, c net.Conn, o operation[A, R], args A, timeout time.Duration) (R, error) {
	var result R
	path := c.RemoteAddr()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	_ = c.SetDeadline(time.Now().Add(timeout + controlWriteGrace)) // the node itself keeps to the timeout
	raw, err := json.Marshal(args)
	if err != nil {
		return result, fmt.Errorf("encoding the arguments: %w", err)
	}
	if err := encodeJSON(c, controlRequest{Command: o.command, Args: raw, Timeout: timeout}); err != nil {
		return result, connectionLost(ctx, path, timeout, err)
	}
	line, err := bufio.NewReader(c).ReadBytes('\n')
	if err != nil {
		return result, connectionLost(ctx, path, timeout, err)
	}
	var reply controlReply
	if err := json.Unmarshal(line, &reply); err != nil {
		return result, notDone("use the kad of the node's own version", "the node at %s answered nonsense: %s", path, badJSON(err))
	}
	if reply.Result != nil {
		if err := json.Unmarshal(reply.Result, &result); err != nil {
			return result, notDone("use the kad of the node's own version", "the node at %s answered nonsense: %s", path, badJSON(err))
		}
	}
	if reply.Failure != nil {
		return result, reply.Failure
	}
	return result, nil
}

// dialControl connects to the first of the control sockets at which a node listens.
func dialControl(ctx context.Context, paths ...string) (net.Conn, error) {
	for _, path := range paths {
		if err := checkSocketPath(path); err != nil {
			return nil, err
		}
		c, err := dialOwn(ctx, path)
		switch {
		case err == nil:
			return c, nil
		case errors.As(err, new(*failure)):
			return nil, err
		case !slices.ContainsFunc(nobodyThere, func(e error) bool { return errors.Is(err, e) }):
			return nil, notDone("check the path and its permissions", "control socket %s: %v", path, err)
		}
	}
	return nil, notDone("start one: kad node --data DIR, then add --data DIR here; or go without, by a peer's address: --bootstrap ADDR",
		"no node is running at %s", strings.Join(paths, " or "))
}

// nobodyThere are the errors that mean that no node listens at a path.
var nobodyThere = []error{fs.ErrNotExist, syscall.ECONNREFUSED, syscall.ENOTDIR, syscall.ENOTSOCK}

func dialOwn(ctx context.Context, path string) (net.Conn, error) {
	if err := ownSocket(path); err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

func connectionLost(ctx context.Context, path net.Addr, timeout time.Duration, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the node at %s: %w", path, timedOut(timeout))
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it hung up")
	}
	return notDone("see whether it still runs, then try again", "the node at %s ended the call: %v", path, err)
}

// ownSocket refuses a socket of another user, who would read what we send and answer
// anything.
func ownSocket(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if ofAnotherUser(info) {
		return notDone("name the right one with --control", "control socket %s belongs to another user", path)
	}
	return nil
}
