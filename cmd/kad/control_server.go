package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"kadmium"
)

// startControlServer serves the control socket. stop ends the operations under way and
// removes the socket.
func startControlServer(l net.Listener, n *kadmium.Node, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		acceptControlClients(ctx, l, n, log)
	}()
	return func() {
		cause := kadmium.ErrClosed
		if failed := n.Err(); failed != nil {
			cause = fmt.Errorf("%w: %w", cause, failed)
		}
		cancel(cause)
		l.Close()
		<-done
	}
}

// acceptControlClients accepts clients, a goroutine for each, until the context ends and
// the listener is closed. Then it waits for the operations under way to end.
func acceptControlClients(ctx context.Context, l net.Listener, n *kadmium.Node, log *slog.Logger) {
	var connections sync.WaitGroup
	defer connections.Wait()
	clients := acceptor{Listener: l, log: log}
	defer clients.release()
	room := make(chan struct{}, maxControlRequests)
	idle := idleClients{came: make(map[net.Conn]time.Time)}
	for {
		c, scarce, err := clients.accept(ctx)
		if err != nil {
			return
		}
		if len(room) == cap(room) {
			idle.hurry()
		}
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			c.Close()
			return
		}
		readTime := controlReadTime
		if scarce { // others wait for the handle
			readTime = controlShortReadTime
		}
		idle.add(c, readTime)
		connections.Go(func() {
			defer func() { <-room }()
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })
			defer stop()
			serveControlClient(ctx, c, n, &idle)
		})
	}
}

// serveControlClient reads the one request of a connection and writes the reply.
func serveControlClient(ctx context.Context, c net.Conn, n *kadmium.Node, idle *idleClients) {
	line, err := readControlRequest(c)
	idle.remove(c)
	if errors.Is(err, io.EOF) {
		return // the client left
	}
	if ctx.Err() != nil { // the node ends
		err = context.Cause(ctx)
	}
	var result any
	if err == nil {
		result, err = runControlRequest(ctx, c, n, line)
	}
	reply := controlReply{}
	if err != nil {
		reply.Failure = asFailure(err)
	}
	if result != nil {
		reply.Result, err = json.Marshal(result)
		if err != nil {
			reply.Failure = asFailure(fmt.Errorf("encoding the result: %w", err))
		}
	}
	_ = c.SetWriteDeadline(time.Now().Add(controlWriteGrace))
	_ = encodeJSON(c, reply) // the client may have left
	if len(line) > maxControlLine {
		// Closed with input unread, the socket would be reset, and the answer lost.
		if w, ok := c.(*net.UnixConn); ok {
			_ = w.CloseWrite()
		}
		_ = c.SetReadDeadline(time.Now().Add(controlShortReadTime))
		_, _ = io.CopyN(io.Discard, c, maxControlRest)
	}
}

// readControlRequest reads the line of a request. With an error it may be longer than
// maxControlLine.
func readControlRequest(c net.Conn) ([]byte, error) {
	line, err := bufio.NewReader(io.LimitReader(c, maxControlLine+1)).ReadBytes('\n')
	switch {
	case len(line) > maxControlLine:
		return line, badInput("send less; a value and a payload have about 1,000 bytes", "control request: longer than %d bytes", maxControlLine)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, notDone("send a request at once", "control request: none came in time")
	}
	return line, err
}

// runControlRequest runs the operation that a line asks for, until the client leaves.
func runControlRequest(ctx context.Context, c net.Conn, n *kadmium.Node, line []byte) (any, error) {
	if err := exactText(line); err != nil {
		return nil, err
	}
	var q controlRequest
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, badInput("a request is a line like {\"command\":\"stats\"}", "control request: %s", badJSON(err))
	}
	handle := operations[q.Command]
	if handle == nil {
		return nil, badInput("use the kad of the node's own version", "the node knows no operation %q", q.Command)
	}
	if q.Timeout < 0 {
		return nil, badInput("leave it out for "+defaultTimeout.String(), "timeout_ns %d is negative", q.Timeout)
	}
	ctx, cancel := withTimeout(ctx, min(cmp.Or(q.Timeout, defaultTimeout), maxTimeout))
	defer cancel()
	// A client that leaves no longer wants the answer.
	_ = c.SetReadDeadline(time.Time{})
	go func() {
		_, _ = c.Read(make([]byte, 1))
		cancel()
	}()
	return handle(ctx, n, q.Args)
}
