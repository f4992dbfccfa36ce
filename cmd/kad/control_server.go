package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"kadmium"
)

// startControlServer serves the control socket. stop ends the operations under way and
// removes the socket.
func startControlServer(l net.Listener, n *kadmium.Node) (stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		acceptControlClients(ctx, l, n)
	}()
	return func() {
		cancel(kadmium.ErrClosed)
		l.Close()
		<-done
	}
}

// acceptControlClients accepts clients, a goroutine for each, until the context ends and
// the listener is closed. Then it waits for the operations under way to end.
func acceptControlClients(ctx context.Context, l net.Listener, n *kadmium.Node) {
	var connections sync.WaitGroup
	defer connections.Wait()
	room := make(chan struct{}, maxControlRequests)
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // for example no file descriptor is free; one will be
			time.Sleep(50 * time.Millisecond)
			continue
		}
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			c.Close()
			return
		}
		connections.Go(func() {
			defer func() { <-room }()
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })
			defer stop()
			serveControlClient(ctx, c, n)
		})
	}
}

// serveControlClient reads the one request of a connection and writes the reply.
func serveControlClient(ctx context.Context, c net.Conn, n *kadmium.Node) {
	_ = c.SetReadDeadline(time.Now().Add(controlReadTime))
	in := bufio.NewReader(io.LimitReader(c, maxControlLine))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return // the client left, or sends no line
	}
	result, err := runControlRequest(ctx, c, n, line)
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
}

// runControlRequest runs the operation that a line asks for, until the client leaves.
func runControlRequest(ctx context.Context, c net.Conn, n *kadmium.Node, line []byte) (any, error) {
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
