package api

import (
	"math"
	"net/http"
	"unicode/utf8"
)

// published serves GET /v1/published.
func published(c *call) error {
	most := c.integer("max", 0, 0, math.MaxInt32)
	return c.shows(func() any { return c.node.Published(most) })
}

// The entries of GET /v1/held.
const (
	heldByDefault = 100
	maxHeld       = 1000
)

// held serves GET /v1/held.
func held(c *call) error {
	most := c.integer("max", heldByDefault, 1, maxHeld)
	return c.shows(func() any { return c.node.Held(most) })
}

// unpublish serves DELETE /v1/published/{key} and DELETE /v1/providers/{key}: a node has
// one publication of a key, of its record, its provider entry, or both.
func unpublish(c *call) error {
	key := c.key("key")
	ctx, cancel := c.context()
	defer cancel()
	if c.bad != nil {
		return c.bad
	}
	if err := c.node.Unpublish(ctx, key); err != nil {
		return about(ShownKey(key), WhyEnded(ctx, err))
	}
	return c.json(http.StatusOK, unpublishedOf(key))
}

// Unpublished is a key that the node no longer publishes: text, or base64 if it is not
// UTF-8.
type Unpublished struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 []byte  `json:"key_base64,omitempty"`
}

func unpublishedOf(key string) Unpublished {
	if utf8.ValidString(key) {
		return Unpublished{Key: &key}
	}
	return Unpublished{KeyBase64: []byte(key)}
}
