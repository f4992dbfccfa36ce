package api

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// A TCPConfig says who may do what over TCP.
type TCPConfig struct {
	Token Token    // of who may do everything; the zero Token: one is made for this run
	Hosts []string // names beside localhost by which clients reach the node
	Open  bool     // anybody may read values, peers and providers, at a limited rate
	TLS   *tls.Certificate
}

// httpForms says how an address to serve is written.
const httpForms = "give a port to serve this machine, like 8080, or an address, like 192.0.2.1:8080"

// ListenTCP listens where text says: at a port of 127.0.0.1, or at HOST:PORT. Off loopback
// the token would be read on the way, so that there without TLS the error is a problem
// unless insecure says that something else guards it.
func ListenTCP(text string, withTLS, insecure bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil && isPort(text) {
		host, port, err = "", text, nil
	}
	if err != nil || !isPort(port) {
		return nil, badRequest(httpForms, "--http %q is no address", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	at, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, badRequest(httpForms, "--http %s: %v", text, err)
	}
	if !at.IP.IsLoopback() && !withTLS && !insecure {
		return nil, badRequest("give --http-cert and --http-key; or --http-insecure if something else encrypts, like a proxy or a tunnel; or a port alone",
			"--http %s: everybody between it and its clients would read the node's token", text)
	}
	l, err := net.ListenTCP("tcp", at)
	if err != nil {
		return nil, problem("http", "the address cannot be served", http.StatusInternalServerError, exitNotDone,
			"choose another --http, or stop what listens there", "--http %s: %v", text, err)
	}
	return l, nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil && text[0] != '+'
}

// HostName is a name under which clients may reach the node, in the form in which requests
// are compared with it. It has no port.
func HostName(text string) (string, error) {
	name := strings.ToLower(text)
	if _, err := netip.ParseAddr(name); err == nil || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return "", badRequest("give a name without a port, like kad.example", "--http-host %q is no host name", text)
	}
	return name, nil
}

// ServeTCP serves clients whom nothing but the token tells apart, browsers among them
// (design R9.10 to R9.16).
func (s *Server) ServeTCP(l net.Listener, cfg TCPConfig) (stop func()) {
	if cfg.Token == (Token{}) {
		cfg.Token = NewToken()
	}
	g := &guard{token: cfg.Token, hosts: cfg.Hosts, counts: &s.counters.refused}
	if cfg.Open {
		g.open = newOpenReads(g.counts)
	}
	as := service{
		name:        "http",
		handler:     func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, g) },
		connections: maxTCPConnections,
		guarded:     true,
	}
	if cfg.TLS != nil {
		as.tls = &tls.Config{Certificates: []tls.Certificate{*cfg.TLS}, MinVersion: tls.VersionTLS12}
	}
	s.page.Store(&pageAt{origin: originOf(l.Addr(), cfg), token: cfg.Token})
	stopped := s.serve(context.Background(), l, as)
	return func() {
		s.page.Store(nil)
		stopped()
	}
}

// originOf is where a browser finds what is served.
func originOf(at net.Addr, cfg TCPConfig) string {
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(at.String())
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	if len(cfg.Hosts) > 0 {
		host = cfg.Hosts[0]
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// A pageAt is where the page is served, and the token for it.
type pageAt struct {
	origin string
	token  Token
}

// PageAddress is the address of the node's page.
type PageAddress struct {
	URL string `json:"url"` // with the token in its fragment: who has it may do everything
}

// URL is the address of the page without the token; empty: there is none.
func (s *Server) URL() string {
	if at := s.page.Load(); at != nil {
		return at.origin + "/"
	}
	return ""
}

// pageAddress serves GET /v1/page, on the unix socket only.
func pageAddress(c *call) error {
	at := c.server.page.Load()
	if c.bad == nil && at == nil {
		c.fail(problem("no-page", "the node serves no page", http.StatusNotFound, exitNotDone, "start it with --http PORT", "the node serves nothing over TCP"))
	}
	return c.shows(func() any { return PageAddress{at.origin + "/#token=" + at.token.Secret()} })
}

// serverLog is where package http logs. All but a panic is what a client did, which anybody
// may do as often as they like.
type serverLog struct{ to *slog.Logger }

func (l serverLog) Write(b []byte) (int, error) {
	level := slog.LevelDebug
	if strings.HasPrefix(string(b), "http: panic serving") || strings.HasPrefix(string(b), "http2: panic serving") {
		level = slog.LevelError
	}
	l.to.Log(context.Background(), level, strings.TrimSpace(string(b)))
	return len(b), nil
}
