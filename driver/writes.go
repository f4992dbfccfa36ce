package driver

import (
	"kadmium/rpc"
	"kadmium/transport"
)

// runsOnce reports whether a request has to be looked up in the memory of writes. From an
// address that is not proven no write is executed, so none is remembered.
func runsOnce(in *transport.Inbound, m *rpc.Message) bool {
	return !in.Response && in.Proven && m.AtMostOnce()
}

// admit looks a write up in the memory. nil says that it is not to be executed: it has its
// reply, or waits for that of the execution under way. The caller holds d.mu.
func (d *Driver) admit(in *transport.Inbound, m *rpc.Message) *onceWrite {
	d.once.settle(in.From.ID, m.Settled)
	key := writeKey{in.From.ID, in.ID}
	w := d.once.find(d.now(), key)
	switch {
	case w == nil && m.Poll:
		d.refuse(in.Reply, m, rpc.Forgotten)
	case w == nil && m.Type == rpc.AppMessage && !d.messages.Allow(d.now(), in.From):
		d.refuse(in.Reply, m, rpc.Later)
	case w == nil:
		if w = d.once.begin(key, in.From.NetGroup(), d.pending.newToken()); w == nil {
			d.refuse(in.Reply, m, rpc.Later)
			return nil
		}
		d.hold(w, m.Type, in.Reply)
		return w
	case w.over != nil:
		d.reply(in.Reply, m.Type, w.serves, w.body)
	default:
		d.hold(w, m.Type, in.Reply)
	}
	return nil
}

// hold keeps a try for the answer, one of a MESSAGE for a moment only. An earlier one that
// waits for it gets no reply. The caller holds d.mu.
func (d *Driver) hold(w *onceWrite, t rpc.Type, to transport.ReplyTo) {
	d.release(w)
	w.held, w.holds = to, true
	if t != rpc.AppMessage {
		return
	}
	w.holdings++
	holding := w.holdings
	w.stopHolding = d.afterFunc(rpc.WorkingAfter, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.closed && w.holds && w.holdings == holding {
			d.release(w)
			d.refuse(to, &rpc.Message{Type: t, ID: w.key.id}, rpc.Working)
		}
	})
}

// release ends the hold of a try, which is to be answered or dropped now.
func (d *Driver) release(w *onceWrite) {
	w.holds = false
	if w.stopHolding != nil {
		w.stopHolding()
		w.stopHolding = nil
	}
}

// replyOnce remembers the answer of a write and sends it to the latest try. One that was
// not executed is forgotten instead: it is to come again. The caller holds d.mu.
func (d *Driver) replyOnce(w *onceWrite, m *rpc.Message) {
	m.Observed = w.held.Source()
	body, err := d.codec.Append(d.body[:0], m, &d.book)
	if err != nil {
		d.logger.Error("answer not encoded", "type", m.Type, "err", err)
	}
	d.body = body
	if m.Status == rpc.Later {
		d.once.forget(w)
	} else {
		d.once.finish(d.now(), w, m.Serves, body)
	}
	if w.holds {
		d.release(w)
		d.reply(w.held, m.Type, m.Serves, body)
	}
}

// refuse answers a try that has no answer of an execution. The caller holds d.mu.
func (d *Driver) refuse(to transport.ReplyTo, request *rpc.Message, status rpc.Status) {
	m := rpc.Message{Type: request.Type, Response: true, ID: request.ID, Serves: d.serves.Load(), Status: status, Observed: to.Source()}
	body, err := d.codec.Append(d.body[:0], &m, &d.book)
	if err != nil {
		d.logger.Error("answer not encoded", "type", m.Type, "err", err)
		return
	}
	d.body = body
	d.reply(to, m.Type, m.Serves, body)
}

func (d *Driver) reply(to transport.ReplyTo, t rpc.Type, serves bool, body []byte) {
	if err := d.transport.Reply(to, serves, body); err != nil {
		d.logger.Debug("reply not sent", "type", t, "err", err)
	}
}
