package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"kadmium"
	"kadmium/api/page"
)

// endTime is how long the end of a server waits for answers that are being written.
const endTime = time.Second

// A Server serves nodes over HTTP. A request chooses one of several by ?node=.
type Server struct {
	nodes    []*kadmium.Node
	log      *slog.Logger
	streams  chan struct{} // a place for each
	counters counters
}

// counters are what a server has done since its start.
type counters struct {
	requests, problems            atomic.Uint64
	connectionsHurried            atomic.Uint64
	streamsRefused, eventsDropped atomic.Uint64
}

// NewServer makes a server of at least one node. A nil log discards what it is told.
func NewServer(log *slog.Logger, nodes ...*kadmium.Node) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{nodes: nodes, log: log, streams: make(chan struct{}, maxStreams)}
}

// Counters are what the server has done since its start, by dotted name.
func (s *Server) Counters() map[string]uint64 {
	c := &s.counters
	return map[string]uint64{
		"http.requests":            c.requests.Load(),
		"http.problems":            c.problems.Load(),
		"http.connections.hurried": c.connectionsHurried.Load(),
		"http.streams.refused":     c.streamsRefused.Load(),
		"http.events.dropped":      c.eventsDropped.Load(),
	}
}

// ServeUnix serves the clients of a unix socket, whose file's mode says who may be one.
// stop ends the requests under way and closes the socket.
func (s *Server) ServeUnix(l net.Listener) (stop func()) {
	return s.serve(context.Background(), l, http.HandlerFunc(s.trusted), maxUnixConnections)
}

// Local is a client of the server in this process. The node's work for it ends with the
// context; stop ends the requests under way.
func (s *Server) Local(ctx context.Context) (c *Client, stop func()) {
	l := newPipes()
	return NewClient(l.dial), s.serve(ctx, l, http.HandlerFunc(s.trusted), maxUnixConnections)
}

// serve serves a listener until stop, which waits for requests under way to end.
func (s *Server) serve(parent context.Context, l net.Listener, h http.Handler, most int) (stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	conns := newConnections(ctx, acceptor{Listener: l, log: s.log}, most, &s.counters)
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       headerTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelError),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         conns.changed,
	}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(conns) })
	return func() {
		why := s.whyClosed()
		cancel(why)
		l.Close()
		conns.end(s.problemOf(why))
		waiting, end := context.WithTimeout(context.Background(), endTime)
		defer end()
		_ = server.Shutdown(waiting)
		server.Close()
		done.Wait()
	}
}

// whyClosed is kadmium.ErrClosed, with what made a node fail if one has failed.
func (s *Server) whyClosed() error {
	for _, n := range s.nodes {
		if failed := n.Err(); failed != nil {
			return fmt.Errorf("%w: %w", kadmium.ErrClosed, failed)
		}
	}
	return kadmium.ErrClosed
}

// trusted serves a request of a client that may do everything and see every text.
func (s *Server) trusted(w http.ResponseWriter, r *http.Request) {
	s.counters.requests.Add(1)
	c := &call{server: s, w: w, r: r}
	if err := c.dispatch(); err != nil {
		s.counters.problems.Add(1)
		c.problem(s.problemOf(err))
	}
}

// dispatch hands the request to its route, or to the page.
func (c *call) dispatch() (err error) {
	if page.Owns(c.r.URL.Path) {
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeTime))
		page.Serve(c.w, c.r)
		return nil
	}
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return badRequest("escape what stands in the query", "query %q: %v", c.r.URL.RawQuery, err)
	}
	if c.route, c.path, err = find(c.r.Method, c.r.RequestURI, c.query.Has("key64")); err != nil {
		return err
	}
	c.parameters(c.server.nodes)
	if c.bad != nil {
		return c.bad
	}
	return c.route.serve(c)
}

// problemOf is an error as it is sent. One that is not foreseen is logged.
func (s *Server) problemOf(err error) *Problem {
	if p := ProblemOf(err); p != nil {
		return p
	}
	s.log.Error("a request failed", "err", err)
	return internal(err)
}
