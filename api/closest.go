package api

import (
	"context"
	"net/http"
	"strings"

	"kadmium"
	"kadmium/identity"
	"kadmium/store"
)

// peerPrefix begins the text of every Ed25519 peer ID, and of no record's key.
const peerPrefix = "12D3KooW"

// ParseTarget reads KEY|PEER as its position. Errors: as ParsePeer; kadmium.ErrEmptyKey.
func ParseTarget(text string) (identity.Position, error) {
	if strings.HasPrefix(text, peerPrefix) || strings.Contains(text, "/p2p/") {
		id, err := ParsePeer(text)
		return id.Position(), err
	}
	if id, err := identity.ParseID(text); err == nil { // a CID
		return id.Position(), nil
	}
	return keyTarget(text)
}

// keyTarget is where a key is.
func keyTarget(key string) (identity.Position, error) {
	return identity.KeyPosition([]byte(key)), store.CheckProviderKey([]byte(key))
}

// closest serves GET /v1/closest/{target}. What key64 says is a key, also if it reads like
// a peer.
func closest(c *call) error {
	name, parse := c.key("target"), ParseTarget
	if c.query.Has("key64") {
		parse = keyTarget
	}
	if c.bad != nil {
		return c.bad
	}
	if !c.query.Has("key64") && len(knownAs(c.node, name)) > 0 {
		id, err := peerAt(c.node, name)
		if err != nil {
			return err
		}
		name = id.String()
	}
	target, err := parse(name)
	if err != nil {
		return err
	}
	return operate(c, operation[kadmium.Closest]{
		subject: func() string { return ShownKey(name) },
		lookup:  func(r *kadmium.Closest) *kadmium.Lookup { return &r.Lookup },
		run:     func(ctx context.Context) (kadmium.Closest, error) { return c.node.Closest(ctx, target) },
		answer:  func(r kadmium.Closest) error { return c.json(http.StatusOK, r) },
	})
}
