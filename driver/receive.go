package driver

import (
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
)

// receive is the transport's handler. It runs on the goroutine that read the datagram,
// or for a first contact on a worker, and waits for nothing but d.mu (design R1.10).
func (d *Driver) receive(in *transport.Inbound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	now := d.now()
	d.noticePause(now)
	m := d.message
	m.Type, m.Response, m.Serves, m.ID = in.Type, in.Response, in.Serves, in.ID
	if err := d.codec.Decode(in.Body, m, &d.book); err != nil {
		d.malformed(in, err)
		return
	}
	if d.waited(now, m) {
		return
	}
	if m.Response {
		d.noticeNamesake(m)
		if m.Type == rpc.GetProviders {
			d.setProviderKeys(m)
		}
	}
	var once *onceWrite
	if runsOnce(in, m) {
		if once = d.admit(in, m); once == nil {
			return
		}
	}
	a := &d.arriving
	*a = arrival{
		Inbound: engine.Inbound{
			From:         d.book.Intern(in.From),
			Message:      m,
			Room:         in.Room,
			Proven:       in.Proven,
			FirstContact: in.FirstContact,
			Ambiguous:    in.Ambiguous,
			Resent:       in.Resent,
			Left:         in.Left,
			Observed:     in.Observed,
		},
		reply: in.Reply,
		once:  once,
	}
	if d.costly(m) {
		d.message = new(rpc.Message) // the validation keeps the other
		kept := *a
		d.enqueueValidation(&kept)
		return
	}
	if m.Record != nil {
		a.Invalid = d.namespaces.Validate(m.Record)
	}
	d.deliverToEngine(now, a)
}

// malformed follows a body that could not be decoded. An answer is the end of its request,
// which has failed. The caller holds d.mu.
func (d *Driver) malformed(in *transport.Inbound, err error) {
	d.transport.Malformed(err.Error())
	if in.Response {
		delete(d.providerKeys, in.ID)
		d.step(func(now time.Time, fx []engine.Effect) []engine.Effect { return d.engine.Malformed(now, in.ID, fx) })
	}
}

// left is told that a peer has said that it ends.
func (d *Driver) left(a identity.Address) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	c := d.book.Intern(a)
	if d.peers.Left(c) {
		d.report(&engine.Event{Kind: engine.PeerLeft, At: d.now(), Contact: c})
	}
	d.step(func(now time.Time, fx []engine.Effect) []engine.Effect { return d.engine.Left(now, c, fx) })
}

// setProviderKeys puts the key of a GET_PROVIDERS, which the answer leaves out, into
// its entries: their signatures cover it. The caller holds d.mu.
func (d *Driver) setProviderKeys(m *rpc.Message) {
	key := d.providerKeys[m.ID]
	delete(d.providerKeys, m.ID)
	for i := range m.Providers {
		m.Providers[i].Key = key
	}
}
