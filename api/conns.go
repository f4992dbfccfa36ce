package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of connections.
const (
	maxUnixConnections = 64                    // served at once; more wait
	maxTCPConnections  = 256                   // more take the places of those without the token
	evictedAtOnce      = 32                    // an eighth of them, to make room for more
	maxRequests        = 64                    // at once of one connection of HTTP/2
	headerTime         = 10 * time.Second      // for a request's header, and between requests
	shortHeaderTime    = time.Second           // while others wait for a file handle or a place
	maxHeader          = 16 << 10              // bytes, of all lines
	headerSlop         = 4 << 10               // bytes that package http reads beyond its bound
	lastWordTime       = 50 * time.Millisecond // for the last answer to a client
)

// connections are the connections of one listener. It is the listener of an http.Server
// whose ConnState it must be told.
type connections struct {
	clients  acceptor
	ctx      context.Context // ends with the server
	room     chan struct{}   // a place for each connection
	counters *counters

	guarded   bool // room is made by closing connections that have not shown the token
	encrypted bool // they are handed to package tls, and nothing is written to them here

	mu   sync.Mutex
	open map[net.Conn]*connection
}

// A connection is idle until it has sent the whole header of a request, and between
// requests.
type connection struct {
	idleSince time.Time // zero: a request is being served
	fresh     bool      // it has sent no request
	scarce    bool      // it may have the file handle in reserve, and others wait for it

	since   time.Time    // of its being accepted
	group   netip.Prefix // of its client
	evicted bool
	trusted atomic.Int32 // requests under way that have shown the token
	shown   atomic.Bool  // an earlier request has shown it
	raw     net.Conn     // below what package tls makes of it
}

func newConnections(ctx context.Context, clients acceptor, most int, counters *counters) *connections {
	return &connections{clients: clients, ctx: ctx, room: make(chan struct{}, most), counters: counters, open: make(map[net.Conn]*connection)}
}

// Accept waits for a client, and for a place: meanwhile connections that are idle for
// shortHeaderTime are closed.
func (l *connections) Accept() (net.Conn, error) {
	c, scarce, err := l.clients.accept(l.ctx)
	if err != nil {
		l.clients.release()
		return nil, net.ErrClosed
	}
	switch {
	case len(l.room) < cap(l.room):
	case l.guarded:
		l.evict()
	default:
		l.hurry()
	}
	select {
	case l.room <- struct{}{}:
	case <-l.ctx.Done():
		c.Close()
		l.clients.release()
		return nil, net.ErrClosed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.open[c] = &connection{idleSince: now, fresh: !l.encrypted, scarce: scarce, since: now, group: groupOf(c.RemoteAddr().String()), raw: c}
	if scarce {
		l.closeIdle(c, now)
	}
	return c, nil
}

// Close closes the listener; connections stay.
func (l *connections) Close() error { return l.clients.Listener.Close() }

// Addr is the listener's address.
func (l *connections) Addr() net.Addr { return l.clients.Listener.Addr() }

// changed is the ConnState of the http.Server.
func (l *connections) changed(c net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c = beneath(c)
	known := l.open[c]
	switch {
	case known == nil:
	case state == http.StateActive:
		known.idleSince, known.fresh = time.Time{}, false
	case state == http.StateIdle:
		known.idleSince = time.Now()
		// HTTP/2 is idle by this before its answer is sent: such a connection is evicted.
		if !l.encrypted && (known.scarce || len(l.room) == cap(l.room)) {
			c.Close()
		}
	case state == http.StateClosed, state == http.StateHijacked:
		delete(l.open, c)
		<-l.room
	}
}

// beneath is the connection that Accept returned, below what package tls makes of it.
func beneath(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

// connectionKey is what a request's context has its *connection under.
type connectionKey struct{}

// context is the ConnContext of the http.Server.
func (l *connections) context(ctx context.Context, c net.Conn) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return context.WithValue(ctx, connectionKey{}, l.open[beneath(c)])
}

// trust keeps the connection of a request from being evicted until done.
func trust(ctx context.Context) (done func()) {
	known, _ := ctx.Value(connectionKey{}).(*connection)
	if known == nil {
		return func() {}
	}
	known.trusted.Add(1)
	known.shown.Store(true)
	return func() { known.trusted.Add(-1) }
}

// limitBuffer bounds what the system keeps of what is written to the connection of a request,
// where it can be bounded.
func limitBuffer(ctx context.Context, size int) {
	if known, _ := ctx.Value(connectionKey{}).(*connection); known != nil {
		if socket, ok := known.raw.(interface{ SetWriteBuffer(size int) error }); ok {
			_ = socket.SetWriteBuffer(size)
		}
	}
}

// evict closes connections on which no request with the token is under way: first those that
// never had one; of the clients that have most of them, the oldest. So idle connections,
// however many come, keep nobody out who has the token. It closes some at once, as finding
// them costs a look at all.
func (l *connections) evict() {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := make(map[netip.Prefix]int)
	for _, known := range l.open {
		if known.evictable() {
			held[known.group]++
		}
	}
	type candidate struct {
		c net.Conn
		*connection
		held int
	}
	var all []candidate
	for c, known := range l.open {
		if known.evictable() {
			one := candidate{c, known, held[known.group]}
			if known.shown.Load() {
				one.held = 0 // the last
			}
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.held, a.held), a.since.Compare(b.since))
	})
	for _, one := range all[:min(evictedAtOnce, len(all))] {
		one.evicted = true
		l.counters.connectionsEvicted.Add(1)
		one.c.Close()
	}
}

func (k *connection) evictable() bool { return !k.evicted && k.trusted.Load() == 0 }

// hurry leaves each idle connection shortHeaderTime, as others wait for a place.
func (l *connections) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, known := range l.open {
		if !known.idleSince.IsZero() {
			l.closeIdle(c, known.idleSince)
		}
	}
}

// closeIdle closes a connection that is idle since a time, unless it has sent a request by
// shortHeaderTime after it. The caller holds l.mu.
func (l *connections) closeIdle(c net.Conn, since time.Time) {
	time.AfterFunc(time.Until(since.Add(shortHeaderTime)), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if known := l.open[c]; known != nil && known.idleSince.Equal(since) {
			known.idleSince = time.Time{} // once
			l.counters.connectionsHurried.Add(1)
			l.endIdle(c, known, errTooSlow)
		}
	})
}

// end closes what is idle, so that nothing waits for it.
func (l *connections) end(why *Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, known := range l.open {
		if !known.idleSince.IsZero() {
			l.endIdle(c, known, why)
		}
	}
}

// errTooSlow is the problem of a client that sent no request while others waited.
var errTooSlow = problem("too-slow", "no request came in time", http.StatusRequestTimeout, exitNotDone, "send a request at once", "no request came in time, and others wait")

// endIdle closes an idle connection. One that awaits the answer to a first request is told
// why: the request may be on its way.
func (l *connections) endIdle(c net.Conn, known *connection, why *Problem) {
	if known.fresh {
		_ = c.SetWriteDeadline(time.Now().Add(lastWordTime))
		_ = why.response(l.guarded).Write(c)
	}
	c.Close()
}

// response is a problem as a whole response, with the headers of every answer.
func (p *Problem) response(onTCP bool) *http.Response {
	h := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "Content-Type": {problemType}, "X-Content-Type-Options": nosniff}
	if onTCP {
		guardHeaders(h)
	}
	b, err := encode(p)
	if err != nil {
		b = nil
	}
	return &http.Response{
		StatusCode: p.Status, ProtoMajor: 1, ProtoMinor: 1, Close: true, ContentLength: int64(len(b)),
		Header: h, Body: io.NopCloser(bytes.NewReader(b)),
	}
}
