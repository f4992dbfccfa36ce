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

// serveControl runs the operations that clients request until the context ends and the
// listener is closed. Then it waits for those under way to end.
func serveControl(ctx context.Context, l net.Listener, n *kadmium.Node) {
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
			answerControl(ctx, c, n)
		})
	}
}

func answerControl(ctx context.Context, c net.Conn, n *kadmium.Node) {
	_ = c.SetReadDeadline(time.Now().Add(controlReadTime))
	in := bufio.NewReader(io.LimitReader(c, maxControlLine))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return // the client left, or sends no line
	}
	result, err := runControl(ctx, c, n, line)
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

func runControl(ctx context.Context, c net.Conn, n *kadmium.Node, line []byte) (any, error) {
	var q controlRequest
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, badInput("a request is a line like {\"command\":\"stats\"}", "control request: %s", badJSON(err))
	}
	run := operations[q.Command]
	if run == nil {
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
	return run(ctx, n, q.Args)
}

// startControl serves the control socket. stop ends the operations under way and removes
// the socket.
func startControl(l net.Listener, n *kadmium.Node) (stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		serveControl(ctx, l, n)
	}()
	return func() {
		cancel(kadmium.ErrClosed)
		l.Close()
		<-done
	}
}
