package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"kadmium"
)

// readyTime is how long GET /readyz waits for the answers to PINGs.
const readyTime = 5 * time.Second

// notReadyWait is after how long to ask a node again that is not ready: it asks its neighbours
// no more often (design R7.35).
const notReadyWait = 15 * time.Second

// A Health says whether a node itself works: its sockets are read, and its journal is
// written.
type Health struct {
	Healthy bool   `json:"healthy"`
	Reason  string `json:"reason"` // in words
}

// A Liveness says whether a node lives: whether to start it again would do it no good.
type Liveness struct {
	Live   bool   `json:"live"`
	Reason string `json:"reason"` // in words
}

// healthRoutes are what containers, supervisors and balancers ask. They need no token.
func healthRoutes() []Route {
	return []Route{
		{
			Method: "GET", Pattern: "/healthz", Access: Public, Summary: "Say whether the node itself works: sockets are read, the journal is written", serve: healthz,
			Params: []Param{nodeParam},
			Answers: []Answer{
				{Status: 200, Summary: "it works", Value: Health{}},
				{Status: 503, Summary: "it does not; the reason says why", Value: Health{}},
			},
		},
		{
			Method: "GET", Pattern: "/livez", Access: Public, Summary: "Say whether the node lives: sockets are read; otherwise start it again", serve: livez,
			Params: []Param{nodeParam},
			Answers: []Answer{
				{Status: 200, Summary: "it lives", Value: Liveness{}},
				{Status: 503, Summary: "it does not; the reason says why", Value: Liveness{}},
			},
		},
		{
			Method: "GET", Pattern: "/readyz", Access: Public, Summary: "Say whether the node is a working member of its network: a peer answered in the last 30 s", serve: readyz,
			Params: []Param{nodeParam},
			Answers: []Answer{
				{Status: 200, Summary: "it is ready", Value: kadmium.Readiness{}},
				{
					Status: 503, Summary: "it is not; the reason says why", Value: kadmium.Readiness{},
					Headers: []Param{{Name: "Retry-After", In: InHeader, Type: Integer, Summary: "seconds until the node asks its neighbours again"}},
				},
			},
		},
	}
}

// healthz serves GET /healthz.
func healthz(c *call) error {
	err := c.node.Health()
	h := Health{Healthy: err == nil, Reason: "its sockets are read, and its journal is written"}
	if err != nil {
		h.Reason = c.reason(PlainWords(err))
	}
	return c.json(statusOf(h.Healthy), h)
}

// livez serves GET /livez. A node whose disk fails serves what it holds (design R6.23).
func livez(c *call) error {
	err := c.node.Health()
	l := Liveness{Live: err == nil || errors.Is(err, kadmium.ErrJournal), Reason: "its sockets are read"}
	if !l.Live {
		l.Reason = c.reason(PlainWords(err))
	}
	return c.json(statusOf(l.Live), l)
}

// reason is why a node fails at home: the text may name a file, and is not for clients on
// TCP.
func (c *call) reason(text string) string {
	if c.guard != nil {
		return "a socket or the journal fails; kad health on the host says more"
	}
	return text
}

// readyz serves GET /readyz. It waits for answers to PINGs where none came of late.
func readyz(c *call) error {
	ctx, cancel := WithTimeout(c.r.Context(), readyTime)
	defer cancel()
	r := c.node.Ready(ctx)
	if !r.Ready && c.node.Health() != nil {
		r.Reason = c.reason(r.Reason)
	}
	if !r.Ready {
		maps.Copy(c.w.Header(), retryAfter(notReadyWait))
	}
	return c.json(statusOf(r.Ready), r)
}

func statusOf(well bool) int {
	if well {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// Health says whether the node itself works.
func (c *Client) Health(ctx context.Context, o Call) (h Health, err error) {
	err = c.show(ctx, "/healthz", o, &h)
	return h, err
}

// Live says whether the node lives.
func (c *Client) Live(ctx context.Context, o Call) (l Liveness, err error) {
	err = c.show(ctx, "/livez", o, &l)
	return l, err
}

// Ready says whether the node is a working member of its network.
func (c *Client) Ready(ctx context.Context, o Call) (r kadmium.Readiness, err error) {
	err = c.show(ctx, "/readyz", o, &r)
	return r, err
}
