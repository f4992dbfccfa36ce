package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"kadmium"
	"kadmium/store"
)

// getProviders serves GET /v1/providers/{key}.
func getProviders(c *call) error {
	key, most := c.key("key"), c.integer("max", 0, 0, store.DefaultMaxProviders)
	return operate(c, operation[kadmium.Providers]{
		subject: func() string { return ShownKey(key) },
		lookup:  func(p *kadmium.Providers) *kadmium.Lookup { return &p.Lookup },
		run:     func(ctx context.Context) (kadmium.Providers, error) { return allProviders(ctx, c.node, key, most) },
		answer:  func(p kadmium.Providers) error { return c.json(http.StatusOK, p) },
	})
}

func allProviders(ctx context.Context, n *kadmium.Node, key string, most int) (kadmium.Providers, error) {
	got := kadmium.Providers{Key: key}
	for p, err := range n.Providers(ctx, key, kadmium.ProvidersOptions{Max: most, Lookup: &got.Lookup, More: &got.More}) {
		if err != nil {
			return got, err
		}
		same := func(other kadmium.Provider) bool { return other.Peer == p.Peer }
		if i := slices.IndexFunc(got.Providers, same); i >= 0 {
			got.Providers[i] = p // newer
		} else {
			got.Providers = append(got.Providers, p)
		}
	}
	if len(got.Providers) == 0 {
		return got, fmt.Errorf("no provider: %w", kadmium.ErrNotFound)
	}
	return got, nil
}

// provide serves PUT /v1/providers/{key}.
func provide(c *call) error {
	key, local := c.key("key"), c.flag("local")
	return operate(c, operation[kadmium.Stored]{
		subject: func() string { return ShownKey(key) },
		lookup:  lookupOfStored,
		run: func(ctx context.Context) (kadmium.Stored, error) {
			got, err := c.node.Provide(ctx, key)
			return got, acceptLocal(err, local)
		},
		answer: c.stored,
		failed: storedJSON,
	})
}
