package driver

import (
	"bytes"
	"context"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// maxHandling bounds the messages whose handlers run at once (design R8.9). The sender of one more
// is told that the handler failed.
const maxHandling = 256

// A Handler answers an application's message (the MESSAGE RPC) with at most
// rpc.MaxPayload bytes. Each message has a goroutine of its own, without any lock; the
// context ends when the driver closes.
type Handler func(ctx context.Context, from identity.Address, protocol string, payload []byte) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes it. The
// empty protocol's handler gets what no other takes.
func (d *Driver) Handle(protocol string, h Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h == nil {
		delete(d.handlers, protocol)
		return
	}
	if d.handlers == nil {
		d.handlers = make(map[string]Handler)
	}
	d.handlers[protocol] = h
}

// deliver hands a message to its handler. The caller holds d.mu.
func (d *Driver) deliver(token uint64, from identity.Contact, m *rpc.Message) {
	h := d.handlers[m.Protocol]
	if h == nil {
		h = d.handlers[""]
	}
	switch {
	case h == nil:
		d.followUp(d.respond(token, rpc.NoHandler, nil))
	case d.handling >= maxHandling:
		d.followUp(d.respond(token, rpc.Failed, nil))
	default:
		d.handling++
		go d.handle(h, d.book.Address(from), m.Protocol, bytes.Clone(m.Payload), token)
	}
}

// respond is the engine call that replies to a message.
func (d *Driver) respond(token uint64, status rpc.Status, payload []byte) engineCall {
	return func(now time.Time, fx []engine.Effect) []engine.Effect {
		return d.engine.Respond(now, token, status, payload, fx)
	}
}

// handle runs a handler and sends its reply. Close does not wait for it: it is the
// user's code, which may itself be what closes the node.
func (d *Driver) handle(h Handler, from identity.Address, protocol string, payload []byte, token uint64) {
	reply, err := h(d.ctx, from, protocol, payload)
	status := rpc.OK
	switch {
	case err != nil:
		d.logger.Warn("handler failed", "protocol", protocol, "peer", from, "err", err)
		status, reply = rpc.Failed, nil
	case len(reply) > rpc.MaxPayload:
		d.logger.Warn("handler's answer is too large", "protocol", protocol, "bytes", len(reply), "most", rpc.MaxPayload)
		status, reply = rpc.Failed, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handling--
	if !d.closed {
		d.step(d.respond(token, status, reply))
	}
}
