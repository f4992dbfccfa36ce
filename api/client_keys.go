package api

import (
	"context"
	"net/http"
	"strconv"

	"kadmium"
)

// Get fetches a value. With an error the value is the zero Value.
func (c *Client) Get(ctx context.Context, key string, opts kadmium.GetOptions, o Call) (v kadmium.Value, err error) {
	q := o.query()
	if opts.Quorum != 0 {
		q.Set("quorum", strconv.Itoa(opts.Quorum))
	}
	if opts.Fresh {
		q.Set("fresh", "")
	}
	err = c.do(ctx, "GET", keyPath("values", key, q), o, nil, nil, &v)
	return v, err
}

// A Put says how to put a value.
type Put struct {
	kadmium.PutOptions
	Local bool // also done if only the node has it, as none answers
}

// Put stores a value.
func (c *Client) Put(ctx context.Context, key string, value []byte, opts Put, o Call) (s kadmium.Stored, err error) {
	q, h := o.query(), http.Header{}
	if opts.TTL != 0 {
		q.Set("ttl", opts.TTL.String())
	}
	if opts.Sequence != nil {
		q.Set("seq", strconv.FormatUint(*opts.Sequence, 10))
	}
	switch {
	case opts.CAS == nil:
	case *opts.CAS == 0:
		h.Set("If-None-Match", "*")
	default:
		h.Set("If-Match", strconv.Quote(strconv.FormatUint(*opts.CAS, 10)))
	}
	if opts.Ephemeral {
		q.Set("once", "")
	}
	if opts.Local {
		q.Set("local", "")
	}
	err = c.do(ctx, "PUT", keyPath("values", key, q), o, h, value, &s)
	return s, err
}

// Provide tells the network that the node provides a key. With local it is also done if
// only the node knows, as none answers.
func (c *Client) Provide(ctx context.Context, key string, local bool, o Call) (s kadmium.Stored, err error) {
	q := o.query()
	if local {
		q.Set("local", "")
	}
	err = c.do(ctx, "PUT", keyPath("providers", key, q), o, nil, nil, &s)
	return s, err
}

// Providers finds who provides a key. With most it stops after so many.
func (c *Client) Providers(ctx context.Context, key string, most int, o Call) (p kadmium.Providers, err error) {
	q := o.query()
	if most != 0 {
		q.Set("max", strconv.Itoa(most))
	}
	err = c.do(ctx, "GET", keyPath("providers", key, q), o, nil, nil, &p)
	return p, err
}

// Unpublish stops publishing a key.
func (c *Client) Unpublish(ctx context.Context, key string, o Call) (u Unpublished, err error) {
	o.Trace = false
	err = c.do(ctx, "DELETE", keyPath("published", key, o.query()), o, nil, nil, &u)
	return u, err
}
