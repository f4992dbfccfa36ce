package driver

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
)

// Bounds of the messages whose handlers run at once (design R8.9). One more is to come
// again later.
const (
	maxHandling      = 256
	maxHandlingShare = maxHandling / 8 // of one subnet, or of one peer at local addresses
)

// handling counts the handlers that run. The zero value is ready to use; d.mu guards it.
type handling struct {
	running int
	shares  map[identity.NetGroup]int
	refused uint64 // messages that were to come again later
}

// begin takes a place for a handler, and reports whether there is one.
func (h *handling) begin(group identity.NetGroup) bool {
	if h.running >= maxHandling || h.shares[group] >= maxHandlingShare {
		h.refused++
		return false
	}
	if h.shares == nil {
		h.shares = make(map[identity.NetGroup]int)
	}
	h.running++
	h.shares[group]++
	return true
}

func (h *handling) end(group identity.NetGroup) {
	h.running--
	if h.shares[group]--; h.shares[group] == 0 {
		delete(h.shares, group)
	}
}

// againAfter is the pause after which a message to this node itself is tried again that
// found no place for its handler.
const againAfter = 200 * time.Millisecond

// A Handler answers an application's message (the MESSAGE RPC) with at most
// rpc.MaxPayload bytes. Each message has a goroutine of its own, without any lock; the
// context ends when the driver closes, or after rpc.HandlerTime. An error, a panic, or the end of its goroutine
// reaches the sender as rpc.Failed.
type Handler func(ctx context.Context, from identity.Address, protocol string, payload []byte) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes it. The
// empty protocol's handler gets what no other takes. Errors: rpc.ErrBadProtocol.
func (d *Driver) Handle(protocol string, h Handler) error {
	if protocol != "" {
		if err := rpc.CheckProtocol(protocol); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if h == nil {
		delete(d.handlers, protocol)
		return nil
	}
	if d.handlers == nil {
		d.handlers = make(map[string]Handler)
	}
	d.handlers[protocol] = h
	return nil
}

// protocols are the protocols that have a handler, ascending; more says that there is one
// for all others. The caller holds d.mu, as the engine's callers do.
func (d *Driver) protocols() (names []string, more bool) {
	names = slices.Sorted(maps.Keys(d.handlers))
	if len(names) > 0 && names[0] == "" {
		return names[1:], true
	}
	return names, false
}

// A delivery is a message for its handler, and what becomes of the answer.
type delivery struct {
	from     identity.Address
	protocol string
	payload  []byte
	reply    func(rpc.Status, []byte) // is called once, without d.mu
}

// deliver hands a message of a peer to its handler. The caller holds d.mu.
func (d *Driver) deliver(token uint64, from identity.Contact, m *rpc.Message) {
	status := d.start(delivery{d.book.Address(from), m.Protocol, bytes.Clone(m.Payload), func(status rpc.Status, reply []byte) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.closed {
			d.step(d.respond(token, status, reply))
		}
	}})
	if status != rpc.OK {
		d.followUp(d.respond(token, status, nil))
	}
}

// start runs the handler of a message, or returns the status that refuses it. The caller
// holds d.mu.
func (d *Driver) start(m delivery) rpc.Status {
	h := d.handlers[m.protocol]
	if h == nil {
		h = d.handlers[""]
	}
	if h != nil && !d.handling.begin(m.from.NetGroup()) {
		return rpc.Later
	}
	if d.delivered != nil {
		d.delivered(m.from, m.protocol, m.payload)
	}
	if h == nil {
		return rpc.NoHandler
	}
	go d.handle(h, m)
	return rpc.OK
}

// SendSelf hands a message to this node's own handler, with the limits and errors that a
// message of a peer meets. Errors: engine.StatusError, ErrClosed, the context's.
func (d *Driver) SendSelf(ctx context.Context, protocol string, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type answer struct {
		status rpc.Status
		reply  []byte
	}
	answers := make(chan answer, 1)
	reply := func(s rpc.Status, reply []byte) { answers <- answer{s, reply} }
	message := delivery{d.Addresses()[0], protocol, payload, reply}
	begin := func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.closed {
			return // the context tells
		}
		if status := d.start(message); status == rpc.Later {
			d.afterFunc(againAfter, func() { reply(rpc.Later, nil) })
		} else if status != rpc.OK {
			reply(status, nil)
		}
	}
	for begin(); ; begin() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-d.ctx.Done():
			return nil, d.whyClosed()
		case a := <-answers:
			switch a.status {
			case rpc.OK:
				return a.reply, nil
			case rpc.Later:
				continue
			}
			return nil, &engine.StatusError{Status: a.status}
		}
	}
}

// respond is the engine call that replies to a message.
func (d *Driver) respond(token uint64, status rpc.Status, payload []byte) engineCall {
	return func(now time.Time, fx []engine.Effect) []engine.Effect {
		return d.engine.Respond(now, token, status, payload, fx)
	}
}

// handle runs a handler and passes its answer on. A panic ends this message alone (design
// R8.14). Close does not wait for it: it is the user's code, which may itself be what
// closes the node.
func (d *Driver) handle(h Handler, m delivery) {
	ctx, end := context.WithCancel(d.ctx)
	defer end()
	var once sync.Once // whichever comes first: its time or its answer
	stop := d.afterFunc(rpc.HandlerTime, func() {
		d.logger.Warn("handler has taken too long", "protocol", m.protocol, "peer", m.from, "most", rpc.HandlerTime)
		end()
		once.Do(func() { m.reply(rpc.Failed, nil) })
	})
	status, reply := rpc.Failed, []byte(nil)
	defer func() { // also if the handler ends its goroutine
		stop()
		if value := recover(); value != nil {
			d.panicked(fmt.Sprintf("handler of %q", m.protocol), value)
		}
		d.mu.Lock()
		d.handling.end(m.from.NetGroup())
		d.mu.Unlock()
		once.Do(func() { m.reply(status, reply) })
	}()
	answer, err := h(ctx, m.from, m.protocol, m.payload)
	switch {
	case err != nil:
		d.logger.Warn("handler failed", "protocol", m.protocol, "peer", m.from, "err", err)
	case len(answer) > rpc.MaxPayload:
		d.logger.Warn("handler's answer is too large", "protocol", m.protocol, "bytes", len(answer), "most", rpc.MaxPayload)
	default:
		status, reply = rpc.OK, answer
	}
}
