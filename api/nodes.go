package api

import (
	"context"
	"net/http"

	"kadmium/identity"
)

// A ServedNode is one of the nodes of the process, and the number that ?node= selects it by.
type ServedNode struct {
	Node int         `json:"node"`
	Peer identity.ID `json:"peer"`
}

// servedNodes serves GET /v1/nodes.
func servedNodes(c *call) error {
	if c.bad != nil {
		return c.bad
	}
	all := make([]ServedNode, len(c.server.nodes))
	for i, n := range c.server.nodes {
		all[i] = ServedNode{i, n.ID()}
	}
	return c.json(http.StatusOK, all)
}

// Nodes are the nodes of the process, in the order of their numbers.
func (c *Client) Nodes(ctx context.Context, o Call) (all []ServedNode, err error) {
	err = c.show(ctx, "/v1/nodes", o, &all)
	return all, err
}
