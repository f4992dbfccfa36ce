package api

import (
	"context"
	"fmt"
	"net/http"

	"kadmium"
	"kadmium/rpc"
)

// sendMessage serves POST /v1/messages/{peer}/{protocol}.
func sendMessage(c *call) error {
	payload, protocol := c.body(fmt.Sprintf("a message's payload may have %d bytes", rpc.MaxPayload)), c.path["protocol"]
	to, err := ParseDestination(c.path["peer"])
	if err != nil {
		return err
	}
	return operateAt(c, to, operation[kadmium.Reply]{
		lookup: func(r *kadmium.Reply) *kadmium.Lookup { return r.Lookup },
		answer: c.reply,
	}, func(ctx context.Context, to Destination) (kadmium.Reply, error) {
		address, err := to.pick(ctx, c.node)
		if err != nil {
			return kadmium.Reply{}, err
		}
		return c.node.Send(ctx, address, protocol, payload)
	})
}

// reply answers with a peer's reply: its bytes, and the rest in headers, or all as JSON.
func (c *call) reply(r kadmium.Reply) error {
	h := c.w.Header()
	if c.media == jsonType {
		return c.json(http.StatusOK, r)
	}
	h.Set("Kad-From", r.From.String())
	if r.Lookup != nil {
		c.lookupHeaders(r.Lookup)
	}
	h.Set("Kad-Ms", milliseconds(r.RTT))
	return c.bytes(http.StatusOK, r.Payload)
}
