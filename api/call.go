package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kadmium"
)

// Bounds of a request.
const (
	DefaultTimeout = 30 * time.Second
	MaxTimeout     = 10 * time.Minute
	maxBody        = 64 << 10 // bytes; the largest value is far smaller
	maxRest        = 16 << 20 // bytes read and dropped of a longer body, so that its sender reads the answer
	bodyTime       = 10 * time.Second
	restTime       = time.Second
	writeTime      = 5 * time.Second
)

// A call is one request, on its way to a route.
type call struct {
	server *Server
	route  *Route
	node   *kadmium.Node
	w      http.ResponseWriter
	r      *http.Request
	path   map[string]string // what stands for the names of the pattern
	query  url.Values
	bad    error  // the first parameter that cannot be used
	rest   bool   // the body is too long, and is not read to its end
	status int    // of the response, once there is one that is no stream
	media  string // of the result, as the client prefers; empty: there is no choice

	ifMatch, ifNoneMatch *condition // nil: there is none

	guard    *guard // of a client on TCP; nil: it may do everything, and see every text
	open     bool   // it has not shown the token
	admitted bool   // the guard, if there is one, lets it do what it asks
}

// fail notes the first thing that is wrong with the request.
func (c *call) fail(err error) {
	if c.bad == nil {
		c.bad = err
	}
}

// parameters checks that the query has only what the route takes, each once unless it may
// be repeated, and picks the node.
func (c *call) parameters(nodes []*kadmium.Node) {
	for name, values := range c.query {
		i := slices.IndexFunc(c.route.Params, func(p Param) bool { return p.In == InQuery && p.Name == name })
		if i < 0 {
			c.fail(badRequest(c.route.takes(), "there is no parameter %q", name))
		} else if len(values) > 1 && !c.route.Params[i].Repeated {
			c.fail(badRequest("give it once", "parameter %s is there %d times", name, len(values)))
		}
	}
	if i := c.integer("node", 0, 0, len(nodes)-1); c.bad == nil {
		c.node = nodes[i]
	}
}

// takes names the parameters of a route.
func (r *Route) takes() string {
	var names []string
	for _, p := range r.Params {
		if p.In == InQuery {
			names = append(names, p.Name)
		}
	}
	return "it takes " + strings.Join(names, ", ")
}

// integer is a parameter within bounds.
func (c *call) integer(name string, otherwise, least, most int) int {
	if !c.query.Has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil || n < least || n > most {
		c.fail(badRequest(fmt.Sprintf("choose a whole number from %d to %d", least, most), "%s %q is out of range", name, c.query.Get(name)))
	}
	return n
}

// flag is a parameter that is there, or true or false; others are the values that it has
// beside these.
func (c *call) flag(name string, others ...string) bool {
	if !c.query.Has(name) {
		return false
	}
	on, err := strconv.ParseBool(c.query.Get(name))
	switch {
	case c.query.Get(name) == "":
		return true
	case err != nil:
		values := append([]string{"true", "false"}, others...)
		list := strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]
		c.fail(badRequest("write "+name+" alone, or with "+list+", like "+name+"="+values[len(values)-1], "%s %q: want %s", name, c.query.Get(name), list))
	}
	return on
}

// duration is a parameter like 30s, within bounds.
func (c *call) duration(name string, otherwise, least, most time.Duration) time.Duration {
	if !c.query.Has(name) {
		return otherwise
	}
	d, err := time.ParseDuration(c.query.Get(name))
	if err != nil || d < least || d > most {
		c.fail(badRequest(fmt.Sprintf("choose a time like 90s or 2h30m, from %s to %s", least, most), "%s %q is out of range", name, c.query.Get(name)))
	}
	return d
}

// sequence is a parameter that is a record's sequence; nil if it is not there.
func (c *call) sequence(name string) *uint64 {
	if !c.query.Has(name) {
		return nil
	}
	n, err := parseSequence(c.query.Get(name))
	if err != nil {
		c.fail(badRequest("choose a whole number from 0 to 9223372036854775807", "%s %q is out of range", name, c.query.Get(name)))
	}
	return &n
}

// context is that of the node's work: it ends after ?timeout, when the client leaves, and
// when the server ends.
func (c *call) context() (context.Context, context.CancelFunc) {
	return WithTimeout(c.r.Context(), c.timeout())
}

// timeout is how long the node may take. Who has not shown the token holds no place for long.
func (c *call) timeout() time.Duration {
	most := MaxTimeout
	if c.open {
		most = openTimeout
	}
	return c.duration("timeout", DefaultTimeout, time.Nanosecond, most)
}

// body reads the request's body; next says how long it may be. One that is too long is
// refused as soon as that is known.
func (c *call) body(next string) []byte {
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	var b []byte
	var err error
	if c.r.ContentLength <= maxBody {
		b, err = io.ReadAll(io.LimitReader(c.r.Body, maxBody+1))
	}
	switch {
	case err != nil:
		c.w.Header().Set("Connection", "close")
		c.fail(badRequest("send it at once", "the body did not come: %v", err))
		return nil
	case c.r.ContentLength > maxBody || len(b) > maxBody:
		c.rest = true
		p := *ProblemOf(fmt.Errorf("%w: a body of more than %d bytes", kadmium.ErrTooLarge, maxBody))
		p.Next = next
		c.fail(&p)
		return nil
	}
	_ = control.SetReadDeadline(time.Time{})
	return b
}

// dropRest reads the rest of a body that was refused for a while and drops it, after the
// answer, so that its sender reads that: with input unread the system resets the connection.
func (c *call) dropRest() {
	control := http.NewResponseController(c.w)
	_ = control.Flush()
	_ = control.SetReadDeadline(time.Now().Add(restTime))
	_, _ = io.CopyN(io.Discard, c.r.Body, maxRest)
}

// A timedOut is the error of an operation that took longer than it may.
type timedOut time.Duration

func (t timedOut) Error() string { return "timed out after --timeout " + Short(time.Duration(t)) }

func (t timedOut) Is(target error) bool { return target == context.DeadlineExceeded }

// Short is a duration without zeros at its end: 22h, not 22h0m0s.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// WithTimeout bounds how long a request may take. What WhyEnded says of the context names
// the time.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, timedOut(d))
}

// WhyEnded is err, or if err only says that the context ended, the reason for that.
func WhyEnded(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	if errors.As(cause, new(timedOut)) || errors.Is(cause, kadmium.ErrClosed) {
		return cause
	}
	return err // whoever asked has left
}
