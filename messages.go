package kadmium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// A Handler answers a message; its answer is at most rpc.MaxPayload bytes. Each
// message has a goroutine of its own, and the context ends when the node closes.
// An error reaches the sender as ErrHandlerFailed, without its text.
type Handler func(ctx context.Context, m Message) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes
// it. The empty protocol's handler gets what no other takes.
func (n *Node) Handle(protocol string, h Handler) { n.driver.Handle(protocol, h.driver()) }

// driver is the handler as the driver runs it.
func (h Handler) driver() driver.Handler {
	if h == nil {
		return nil
	}
	return func(ctx context.Context, from identity.Address, protocol string, payload []byte) ([]byte, error) {
		return h(ctx, Message{From: from, Protocol: protocol, Payload: payload})
	}
}

func driverHandlers(handlers map[string]Handler) map[string]driver.Handler {
	all := make(map[string]driver.Handler, len(handlers))
	for protocol, h := range handlers {
		all[protocol] = h.driver()
	}
	return all
}

// Send sends a message and waits for the reply. Without an endpoint in the address
// the peer is found first. At most rpc.MaxPayload bytes. Errors: ErrTooLarge,
// ErrBadOption; ErrNotFound, ErrNoAnswer, ErrNoHandler, ErrHandlerFailed.
func (n *Node) Send(ctx context.Context, to identity.Address, protocol string, payload []byte) (Reply, error) {
	if protocol == "" {
		return Reply{}, fmt.Errorf("%w: a message needs a protocol name", ErrBadOption)
	}
	if len(protocol) > rpc.MaxProtocol {
		return Reply{}, fmt.Errorf("%w: a protocol name of %d bytes, at most %d", ErrTooLarge, len(protocol), rpc.MaxProtocol)
	}
	if len(payload) > rpc.MaxPayload {
		return Reply{}, fmt.Errorf("%w: a payload of %d bytes, at most %d", ErrTooLarge, len(payload), rpc.MaxPayload)
	}
	to, found, err := n.locate(ctx, to)
	if err != nil {
		return Reply{Lookup: found}, err
	}
	if to.ID.IsZero() { // a message is for a known peer: learn its ID
		pong, err := n.Ping(ctx, to)
		if err != nil {
			return Reply{}, err
		}
		to = pong.Address
	}
	payload = bytes.Clone(payload) // it may be sent again after the context has ended
	reply := Reply{Lookup: found}
	err = n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.SendMessage(now, op, to, protocol, payload, fx)
		},
		Finish: func(r *engine.Result) {
			reply.From, reply.Payload, reply.RTT = n.addressOf(r.Peer), bytes.Clone(r.Payload), r.RTT
		},
	})
	var refusal *engine.StatusError
	if errors.As(err, &refusal) && refusal.Status == rpc.Failed { // of a STORE it would be the disk
		err = fmt.Errorf("%w (%w)", ErrHandlerFailed, err)
	}
	return reply, err
}
