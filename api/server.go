package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kadmium"
	"kadmium/api/page"
	"kadmium/driver"
	"kadmium/identity"
)

// endTime is how long the end of a server waits at most for answers that are being written.
const endTime = time.Second

// A Server serves nodes over HTTP. A request chooses one of several by ?node=.
type Server struct {
	nodes    []*kadmium.Node
	log      *slog.Logger
	streams  chan struct{} // a place for each
	counters counters
	page     atomic.Pointer[pageAt] // nil: nothing is served over TCP

	ids       map[identity.ID]string   // of the nodes, as text
	durations *prometheus.HistogramVec // of requests
	observers observers                // of durations
	metrics   http.Handler
	scrapes   chan struct{} // a place for each
}

// counters are what a server has done since its start.
type counters struct {
	requests, problems         atomic.Uint64
	connectionsHurried         atomic.Uint64
	connectionsEvicted         atomic.Uint64
	streamsRefused, streamsCut atomic.Uint64
	eventsDropped              atomic.Uint64
	refused                    refusals
}

// NewServer makes a server of at least one node. A nil log discards what it is told; another
// one gets what the Logger of a kadmium.Config does, in the same way.
func NewServer(log *slog.Logger, nodes ...*kadmium.Node) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	log = driver.WithinLog(log, time.Now)
	s := &Server{nodes: nodes, log: log, streams: make(chan struct{}, maxStreams), durations: newDurations(), scrapes: make(chan struct{}, maxScrapes)}
	s.ids = make(map[identity.ID]string, len(nodes))
	for _, n := range nodes {
		s.ids[n.ID()] = n.ID().String()
	}
	s.metrics = s.newMetrics()
	return s
}

// idText is the text of an ID, which for those of the nodes is not made each time.
func (s *Server) idText(id identity.ID) string {
	if text, ok := s.ids[id]; ok {
		return text
	}
	return id.String()
}

// Counters are what the server has done since its start, by dotted name.
func (s *Server) Counters() map[string]uint64 {
	c := &s.counters
	return map[string]uint64{
		"http.requests":            c.requests.Load(),
		"http.problems":            c.problems.Load(),
		"http.connections.hurried": c.connectionsHurried.Load(),
		"http.connections.evicted": c.connectionsEvicted.Load(),
		"http.streams.refused":     c.streamsRefused.Load(),
		"http.streams.cut":         c.streamsCut.Load(),
		"http.events.dropped":      c.eventsDropped.Load(),
		"http.refused.host":        c.refused.host.Load(),
		"http.refused.origin":      c.refused.origin.Load(),
		"http.refused.token":       c.refused.token.Load(),
		"http.refused.rate":        c.refused.rate.Load(),
		"http.refused.rate_of_all": c.refused.allRate.Load(),
	}
}

// A service is how a listener is served.
type service struct {
	name        string // of the listener, in the log
	handler     http.HandlerFunc
	connections int
	guarded     bool // anybody may connect: places are for who has the token
	tls         *tls.Config
}

func (s *Server) onSocket() service {
	return service{name: "control socket", handler: s.trusted, connections: maxUnixConnections}
}

// ServeUnix serves the clients of a unix socket, whose file's mode says who may be one.
// It is made anew if its file is removed. stop ends the requests under way and closes it.
func (s *Server) ServeUnix(l *Socket) (stop func()) {
	unwatched, stopped := l.watch(s.log), s.serve(context.Background(), l, s.onSocket())
	return func() {
		unwatched()
		stopped()
	}
}

// Local is a client of the server in this process. The node's work for it ends with the
// context; stop ends the requests under way.
func (s *Server) Local(ctx context.Context) (c *Client, stop func()) {
	l := newPipes()
	return NewClient(l.dial), s.serve(ctx, l, s.onSocket())
}

// serve serves a listener until stop. That ends what requests under way do, waits at most
// endTime for their answers to be written, and closes the connections that are left.
func (s *Server) serve(parent context.Context, l net.Listener, as service) (stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	conns := newConnections(ctx, acceptor{Listener: l, log: s.log, name: as.name}, as.connections, &s.counters)
	conns.guarded, conns.encrypted = as.guarded, as.tls != nil
	server := &http.Server{
		Handler:           as.handler,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       headerTime,
		MaxHeaderBytes:    maxHeader - headerSlop,
		ErrorLog:          log.New(serverLog{s.log}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         conns.changed,
		ConnContext:       conns.context,
		TLSConfig:         as.tls,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxRequests},

		DisableGeneralOptionsHandler: true, // OPTIONS * is a request like others
	}
	var done sync.WaitGroup
	done.Go(func() {
		if as.tls != nil {
			_ = server.ServeTLS(conns, "", "")
			return
		}
		_ = server.Serve(conns)
	})
	return func() {
		why := s.whyClosed()
		cancel(why)
		l.Close()
		last := s.problemOf(why)
		if as.guarded {
			last = last.onTCP(why)
		}
		conns.end(last)
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
func (s *Server) trusted(w http.ResponseWriter, r *http.Request) { s.answer(w, r, nil) }

// answer serves a request. A client of TCP has a guard.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, g *guard) {
	s.counters.requests.Add(1)
	c := &call{server: s, w: w, r: r, guard: g}
	defer c.observe(time.Now())
	if r.ContentLength != 0 { // also what nobody reads has to come in time
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	}
	err := c.dispatch()
	if err == nil {
		return
	}
	s.counters.problems.Add(1)
	if !c.admitted && r.ContentLength != 0 { // nobody waits for the body of a stranger
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	if c.rest { // the answer comes before the rest of the body
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 is so always
	}
	c.problem(c.problemOf(err))
	if c.rest {
		c.dropRest()
	}
}

// page serves the page and its assets, which anybody may see.
func (c *call) page() error {
	c.admitted = true
	path := c.r.URL.Path
	switch {
	case !page.Has(path):
		return noResource(path, nil)
	case c.r.Method == http.MethodOptions:
		return options([]string{http.MethodGet})(c)
	case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead:
		return notAllowed(path, c.r.Method, []string{http.MethodGet})
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(writeTime))
	page.Serve(c.w, c.r)
	return nil
}

// dispatch hands the request to its route, or to the page.
func (c *call) dispatch() (err error) {
	if c.guard != nil {
		guardHeaders(c.w.Header())
		if err := c.guard.here(c.r); err != nil {
			return err
		}
	}
	if page.Owns(c.r.URL.Path) {
		return c.page()
	}
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return badRequest("escape what stands in the query", "the query: %v", err)
	}
	var lost error
	c.route, c.path, lost = find(c.r.Method, c.r.RequestURI, c.query.Has(key64Param.Name))
	if lost == nil && c.route.Access == OnHost && c.guard != nil {
		c.route, lost = nil, noResource(pathOf(c.r.RequestURI), nil)
	}
	done, err := c.admit()
	if err != nil {
		return err
	}
	defer done()
	c.admitted = true
	if lost != nil {
		return lost
	}
	c.parameters(c.server.nodes)
	c.conditions()
	c.negotiate()
	if c.route.Body == "" && c.r.ContentLength != 0 {
		c.body("send none: this resource takes no body") // it is dropped, within its bounds
	}
	if c.bad != nil {
		return c.bad
	}
	return c.route.serve(c)
}

// problemOf is an error as this client sees it.
func (c *call) problemOf(err error) *Problem {
	p := c.server.problemOf(err)
	if c.guard != nil {
		p = p.onTCP(err)
	}
	return p
}

// problemOf is an error as it is sent. One that is not foreseen is logged.
func (s *Server) problemOf(err error) *Problem {
	if p := ProblemOf(err); p != nil {
		return p
	}
	s.log.Error("a request failed", "err", err)
	return internal(err)
}
