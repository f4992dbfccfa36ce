package api

import (
	"context"
	"maps"
	"net/url"

	"kadmium"
	"kadmium/identity"
)

// Peers is everybody whom the node knows, nearest first.
func (c *Client) Peers(ctx context.Context, o Call) (all []kadmium.PeerInfo, err error) {
	err = c.show(ctx, "/v1/peers", o, &all)
	return all, err
}

// Peer is what the node knows of a peer, which is given as CheckPeer takes it; it asks nobody.
func (c *Client) Peer(ctx context.Context, peer string, o Call) (p kadmium.PeerInfo, err error) {
	q := o.query()
	q.Set("local", "")
	err = c.do(ctx, "GET", withQuery("/v1/peers/"+segment(peer), q), o, nil, nil, &p)
	return p, err
}

// Supports says which of some protocols a peer handles.
func (c *Client) Supports(ctx context.Context, id identity.ID, protocols []string, o Call) (s kadmium.Support, err error) {
	o.Trace = false
	q := o.query()
	maps.Copy(q, url.Values{"protocol": protocols})
	err = c.do(ctx, "GET", withQuery(peerPath(id)+"/supports", q), o, nil, nil, &s)
	return s, err
}

// Notes are the notes about a peer.
func (c *Client) Notes(ctx context.Context, id identity.ID, o Call) (n Notes, err error) {
	err = c.show(ctx, peerPath(id)+"/notes", o, &n)
	return n, err
}

// SetNote notes something about a peer under a name.
func (c *Client) SetNote(ctx context.Context, id identity.ID, name string, text []byte, o Call) error {
	return c.note(ctx, "PUT", id, name, text, o)
}

// RemoveNote removes a note about a peer, if there is one of the name.
func (c *Client) RemoveNote(ctx context.Context, id identity.ID, name string, o Call) error {
	return c.note(ctx, "DELETE", id, name, nil, o)
}

func (c *Client) note(ctx context.Context, method string, id identity.ID, name string, text []byte, o Call) error {
	o.Trace = false
	return c.do(ctx, method, withQuery(peerPath(id)+"/notes/"+segment(name), o.query()), o, nil, text, nil)
}

func peerPath(id identity.ID) string { return "/v1/peers/" + segment(id.String()) }
