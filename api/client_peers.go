package api

import (
	"context"
	"net/url"

	"kadmium"
)

// Ping asks a peer, or whoever is at an address, whether it is there.
func (c *Client) Ping(ctx context.Context, to Destination, protocols bool, o Call) (p kadmium.Pong, err error) {
	q := o.query()
	if protocols {
		q.Set("protocols", "")
	}
	err = c.do(ctx, "POST", withQuery("/v1/peers/"+segment(to.String())+"/ping", q), o, nil, nil, &p)
	return p, err
}

// FindPeer finds where a peer is, which is given as CheckPeer takes it.
func (c *Client) FindPeer(ctx context.Context, peer string, o Call) (f kadmium.Found, err error) {
	err = c.do(ctx, "GET", withQuery("/v1/peers/"+segment(peer), o.query()), o, nil, nil, &f)
	return f, err
}

// Closest lists the nodes closest to a target, KEY|PEER. With isKey it is a key, also if it
// reads like a peer.
func (c *Client) Closest(ctx context.Context, target string, isKey bool, o Call) (r kadmium.Closest, err error) {
	q := o.query()
	path := "/v1/closest/" + segment(target)
	if isKey {
		path = "/v1/closest"
		q.Set("key64", encodeKey64(target))
	}
	err = c.do(ctx, "GET", withQuery(path, q), o, nil, nil, &r)
	return r, err
}

// Send sends a message, and waits for the reply.
func (c *Client) Send(ctx context.Context, to Destination, protocol string, payload []byte, o Call) (r kadmium.Reply, err error) {
	path := "/v1/messages/" + segment(to.String()) + "/" + segment(protocol)
	err = c.do(ctx, "POST", withQuery(path, o.query()), o, nil, payload, &r)
	return r, err
}

// Table is the node's routing table.
func (c *Client) Table(ctx context.Context, o Call) (t kadmium.Table, err error) {
	err = c.show(ctx, "/v1/table", o, &t)
	return t, err
}

// Stats is what the node is doing and has done.
func (c *Client) Stats(ctx context.Context, o Call) (s kadmium.Stats, err error) {
	err = c.show(ctx, "/v1/stats", o, &s)
	return s, err
}

// Page is where the node's page is.
func (c *Client) Page(ctx context.Context, o Call) (p PageAddress, err error) {
	err = c.show(ctx, "/v1/page", o, &p)
	return p, err
}

func (c *Client) show(ctx context.Context, path string, o Call, result any) error {
	q := url.Values{}
	if node := o.query().Get("node"); node != "" {
		q.Set("node", node)
	}
	return c.do(ctx, "GET", withQuery(path, q), o, nil, nil, result)
}
