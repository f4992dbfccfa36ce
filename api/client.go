package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer bounds an answer that a client reads, in bytes. A table or a list of all
// providers has a few hundred thousand.
const maxAnswer = 64 << 20

// answerGrace is how long a client waits for an answer after the time that the node has.
const answerGrace = 5 * time.Second

// A Client speaks to a Server. Its methods are safe for concurrent use. The errors that
// they return are a *Problem, the context's, or say that the connection was lost.
type Client struct {
	http *http.Client
	name string // of who is at the other end
}

// NewClient makes a client whose connections come from dial.
func NewClient(dial func(ctx context.Context) (net.Conn, error)) *Client {
	transport := &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true,
		MaxIdleConns:       1,
	}
	return &Client{http: &http.Client{Transport: transport}, name: "this process"}
}

// newUnixClient is the client of a socket. Its first connection is there already.
func newUnixClient(first net.Conn, path string) *Client {
	var used atomic.Bool
	c := NewClient(func(ctx context.Context) (net.Conn, error) {
		if used.CompareAndSwap(false, true) {
			return first, nil
		}
		return dialOwn(ctx, path)
	})
	c.name = path
	return c
}

// Close closes the connections that wait for a next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call says how the node does what it is asked for.
type Call struct {
	Timeout time.Duration // 0: DefaultTimeout
	Trace   bool          // the result and the problem have the steps of the lookup
	Node    int           // of a process that runs several
}

// query are the parameters that stand for a Call.
func (o Call) query() url.Values {
	q := url.Values{}
	if o.Timeout > 0 {
		q.Set("timeout", o.Timeout.String())
	}
	if o.Trace {
		q.Set("trace", "")
	}
	if o.Node > 0 {
		q.Set("node", strconv.Itoa(o.Node))
	}
	return q
}

// segment is a path's segment of any bytes. Two dots are escaped too, which package url
// leaves as they are.
func segment(text string) string {
	if text == "." || text == ".." {
		return "%2E" + text[1:]
	}
	return url.PathEscape(text)
}

// keyPath is the path of what a resource has under a key, and its query.
func keyPath(resource, key string, q url.Values) string {
	if key == "" {
		q.Set("key64", "")
		return withQuery("/v1/"+resource, q)
	}
	return withQuery("/v1/"+resource+"/"+segment(key), q)
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// do sends a request and reads the result, if there is one.
func (c *Client) do(ctx context.Context, method, target string, o Call, header http.Header, body []byte, result any) error {
	timeout := o.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	waiting, cancel := context.WithTimeout(ctx, timeout+answerGrace) // the node itself keeps to the timeout
	defer cancel()
	request, err := http.NewRequestWithContext(waiting, method, "http://kad"+target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return c.lost(ctx, timeout, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return c.lost(ctx, timeout, err)
	case response.StatusCode >= http.StatusBadRequest && response.Header.Get("Content-Type") != "application/json":
		var p Problem
		if err := json.Unmarshal(b, &p); err != nil || p.Detail == "" {
			return c.nonsense("status %s, and no problem", response.Status)
		}
		return &p
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(b, result); err != nil {
		return c.nonsense("%v", err)
	}
	return nil
}

func (c *Client) nonsense(format string, args ...any) error {
	return problem("nonsense", "the node answered what is no answer", http.StatusBadGateway, exitNotDone,
		"use the kad of the node's own version", "the node at %s answered nonsense: %s", c.name, fmt.Sprintf(format, args...))
}

// lost is the error of a request that has no answer.
func (c *Client) lost(ctx context.Context, timeout time.Duration, err error) error {
	var wrapped *url.Error
	switch {
	case ctx.Err() != nil:
		return WhyEnded(ctx, ctx.Err())
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the node at %s: %w", c.name, timedOut(timeout))
	case errors.As(err, &wrapped):
		err = wrapped.Err
	}
	if strings.Contains(err.Error(), "malformed HTTP") { // net/http has no error of its own for it
		return c.nonsense("it does not speak HTTP")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it hung up")
	}
	return problem("connection-lost", "the node ended the call", http.StatusBadGateway, exitNotDone,
		"see whether it still runs, then try again", "the node at %s ended the call: %v", c.name, err)
}
