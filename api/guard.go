package api

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"kadmium"
)

// An Access says who may use a route over TCP.
type Access int

// The levels of access. Whatever has none of its own is for who has the token.
const (
	Private Access = iota // needs the token
	Open                  // a read that TCPConfig.Open lets anybody do
	Public                // for anybody: it has no secret, and costs little
	OnHost                // on the unix socket only: over TCP it does not exist
)

// Counters of what a guard refuses.
type refusals struct {
	host, origin, token, rate, allRate atomic.Uint64
}

// A guard decides which requests of a TCP listener are served (design R9.10 to R9.14).
type guard struct {
	token  Token
	hosts  []string // in lower case
	open   *openReads
	counts *refusals
}

// The two policies of every answer on TCP but those of the page: nothing in it is run or
// fetched, and nobody frames it.
const (
	inertPolicy  = "sandbox; default-src 'none'"
	framesPolicy = "frame-ancestors 'none'"
)

// What headers always have, made once. Nobody changes a value of them in its place.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	sameOnly   = []string{"same-origin"}
	noStore    = []string{"no-store"}
	policies   = []string{inertPolicy, framesPolicy}
	inertOnly  = []string{inertPolicy}
	attachment = []string{"attachment"}
	byAccept   = []string{"Accept"}
)

// guardHeaders sets what every answer on TCP has. No header lets another origin read it.
func guardHeaders(h http.Header) {
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer
	h["Cross-Origin-Resource-Policy"] = sameOnly
	h["Cache-Control"] = noStore
	h["Content-Security-Policy"] = policies
}

// here refuses a request that a browser was led to send under another site's name (DNS
// rebinding) or from another site, and one that shows the token where others may see it.
func (g *guard) here(r *http.Request) error {
	if !g.named(r.Host) {
		g.counts.host.Add(1)
		return problem("wrong-host", "the request is for another host", http.StatusMisdirectedRequest, exitNotDone,
			"use the node's IP, localhost, or a name given to it by --http-host", "the Host of the request is not a name of this node")
	}
	if origins := r.Header["Origin"]; len(origins) > 0 && (len(origins) > 1 || !sameOrigin(origins[0], r)) {
		g.counts.origin.Add(1)
		return wrongOrigin("the Origin of the request is not this node")
	}
	if g.token.shownIn(r.RequestURI) {
		return problem("token-in-url", "the request shows the token", http.StatusBadRequest, exitNotDone,
			"make another token, as who logs URLs has this one: remove its file, start the node again, and send it as Authorization: Bearer only", "the token stands in the request's URL")
	}
	return nil
}

// admit refuses a request that is not for this client: what the route is for decides, and
// where none was found, the token. done ends what it allows.
func (c *call) admit() (done func(), err error) {
	done = func() {}
	access := Private
	if c.route != nil {
		access = c.route.Access
	}
	if c.guard == nil || access == Public {
		return done, nil
	}
	g := c.guard
	if site := c.r.Header["Sec-Fetch-Site"]; len(site) > 0 && !ownSite(c.r.Method, site) {
		g.counts.origin.Add(1)
		return done, wrongOrigin("the browser says that another site made the request")
	}
	given := c.r.Header["Authorization"]
	switch {
	case len(given) == 1 && g.token.is(bearer(given[0])):
		return trust(c.r.Context()), nil
	case access == Open && g.open != nil && len(given) == 0:
		c.open = true
		return g.open.begin(c.r)
	}
	return done, g.noToken()
}

// noToken refuses a request that has not the token.
func (g *guard) noToken() *Problem {
	g.counts.token.Add(1)
	p := problem("no-token", "the request has not the node's token", http.StatusUnauthorized, exitNotDone,
		"send it as Authorization: Bearer TOKEN; kad page on the node's machine says it", "this needs the node's token")
	p.header = http.Header{"WWW-Authenticate": {"Bearer"}}
	return p
}

func wrongOrigin(detail string) *Problem {
	return problem("wrong-origin", "the request comes from another site", http.StatusForbidden, exitNotDone,
		"other sites may not use a node: open the node's own page", "%s", detail)
}

// named reports whether a Host is one that no other site can have: an IP, localhost, or a
// name that the operator gave.
func (g *guard) named(host string) bool {
	name, ok := hostName(host)
	if !ok {
		return false
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Zone() == ""
	}
	return name == "localhost" || slices.Contains(g.hosts, name)
}

// hostName is the name or IP in a Host, in lower case, without its port.
func hostName(host string) (string, bool) {
	host = strings.ToLower(host)
	if inner, ok := strings.CutPrefix(host, "["); ok && strings.HasSuffix(host, "]") {
		return strings.TrimSuffix(inner, "]"), true
	}
	if !strings.Contains(host, ":") {
		return host, host != ""
	}
	name, port, err := net.SplitHostPort(host)
	return name, err == nil && isPort(port)
}

// sameOrigin reports whether an Origin has the scheme, host and port of the request.
func sameOrigin(origin string, r *http.Request) bool {
	scheme, port := "http://", ":80"
	if r.TLS != nil {
		scheme, port = "https://", ":443"
	}
	rest, ok := strings.CutPrefix(strings.ToLower(origin), scheme)
	return ok && strings.TrimSuffix(rest, port) == strings.TrimSuffix(strings.ToLower(r.Host), port)
}

// ownSite reports whether a browser's request is of the node's own page or, if it only
// reads, of nobody's: an address that was typed. Another port of the same host is another
// site here.
func ownSite(method string, site []string) bool {
	if len(site) > 1 {
		return false
	}
	return site[0] == "same-origin" || site[0] == "none" && method == http.MethodGet
}

// bearer is the token of an Authorization; empty: it has none.
func bearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// onTCP is the problem of an error as clients of TCP see it: it names no file.
func (p *Problem) onTCP(err error) *Problem {
	if !namesFile(err) {
		return p
	}
	hidden := *p
	hidden.Detail = hidden.Title
	return &hidden
}

// namesFile reports whether the text of an error may name a file. One that nobody foresaw
// may.
func namesFile(err error) bool {
	if errors.As(err, new(*fs.PathError)) || errors.As(err, new(*os.LinkError)) || ProblemOf(err) == nil {
		return true
	}
	return slices.ContainsFunc([]error{kadmium.ErrJournal, kadmium.ErrReplaced, kadmium.ErrCorrupt, syscall.ENOSPC},
		func(of error) bool { return errors.Is(err, of) })
}
