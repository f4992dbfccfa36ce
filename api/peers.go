package api

import (
	"context"
	"net/http"

	"kadmium"
	"kadmium/driver"
)

// findPeer serves GET /v1/peers/{peer}.
func findPeer(c *call) error {
	if c.flag("local") {
		if c.open { // what is noted about it is nobody else's
			return c.guard.noToken()
		}
		return c.showKnown()
	}
	if c.open && isShort(c.path["peer"]) { // whom the node knows is nobody else's
		return c.guard.noToken()
	}
	id, err := peerAt(c.node, c.path["peer"])
	if err == nil {
		err = notSelf(c.node, id)
	}
	if err != nil {
		return err
	}
	return operate(c, operation[kadmium.Found]{
		subject: id.String,
		lookup:  func(f *kadmium.Found) *kadmium.Lookup { return &f.Lookup },
		run:     func(ctx context.Context) (kadmium.Found, error) { return c.node.FindPeer(ctx, id) },
		answer:  func(f kadmium.Found) error { return c.json(http.StatusOK, f) },
	})
}

// pingPeer serves POST /v1/peers/{peer}/ping.
func pingPeer(c *call) error {
	ping := (*kadmium.Node).Ping
	if c.flag("protocols") {
		ping = (*kadmium.Node).Protocols
	}
	to, err := ParseDestination(c.path["peer"])
	if err != nil {
		return err
	}
	return operateAt(c, to, operation[kadmium.Pong]{
		lookup: func(p *kadmium.Pong) *kadmium.Lookup { return p.Lookup },
		answer: func(p kadmium.Pong) error { return c.json(http.StatusOK, p) },
	}, func(ctx context.Context, to Destination) (kadmium.Pong, error) { return to.ping(ctx, c.node, ping) })
}

// operateAt is operate with a destination, whose name is looked up first. Errors name its
// addresses.
func operateAt[R any](c *call, to Destination, o operation[R], run func(context.Context, Destination) (R, error)) error {
	o.subject = func() string { return to.String() }
	o.run = func(ctx context.Context) (R, error) {
		resolved, err := to.resolved(ctx, c.node, driver.Resolver{})
		if err != nil {
			var none R
			return none, err
		}
		to = resolved
		return run(ctx, to)
	}
	return operate(c, o)
}
