package driver

import (
	"runtime"
	"slices"

	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/transport"
)

// maxValidations bounds the messages that wait for validation (design R8.10). One more is dropped,
// as if the network had lost it.
const maxValidations = 256

// An arrival is a decoded message that the engine has not received yet.
type arrival struct {
	engine.Inbound
	reply transport.ReplyTo // of a request
	once  *onceWrite        // of a write that is remembered
}

// validations are the messages whose contents are validated by workers (design R1.11),
// so that the goroutines that read do not wait. A worker starts when there is work and
// ends when there is none. d.mu guards it.
type validations struct {
	waiting []*arrival
	running []*arrival
	workers int
	dropped uint64
}

// costly reports a message whose contents take signatures (about 55 us each) or a
// user's code to validate.
func (d *Driver) costly(m *rpc.Message) bool {
	return m.Provider != nil || len(m.Providers) > 0 || m.Record != nil && d.namespaces.Costly(m.Record.Key)
}

// enqueueValidation has a message validated and then delivered to the engine. The
// caller holds d.mu.
func (d *Driver) enqueueValidation(a *arrival) {
	q := &d.validations
	if len(q.waiting) >= maxValidations {
		q.dropped++
		if a.once != nil {
			d.once.forget(a.once) // a retry may find room
		}
		return
	}
	q.waiting = append(q.waiting, a)
	if q.workers < runtime.GOMAXPROCS(0) {
		q.workers++
		d.workers.Go(d.validateWaiting)
	}
}

// validateWaiting is one worker.
func (d *Driver) validateWaiting() {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := &d.validations
	for len(q.waiting) > 0 && !d.closed {
		a := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.running = append(q.running, a)
		d.mu.Unlock()
		d.validate(a)
		d.mu.Lock()
		q.running = slices.DeleteFunc(q.running, func(other *arrival) bool { return other == a })
		if !d.closed {
			d.deliverToEngine(d.now(), a)
		}
	}
	q.workers--
}

// validate sets the verdict on what a message carries. Of the providers in an answer
// only those with a valid signature are left.
func (d *Driver) validate(a *arrival) {
	m := a.Message
	switch {
	case m.Provider != nil:
		a.Invalid = d.namespaces.VerifyProvider(m.Provider)
	case m.Record != nil:
		a.Invalid = d.namespaces.Validate(m.Record)
	}
	m.Providers = slices.DeleteFunc(m.Providers, func(p rpc.Provider) bool {
		return d.namespaces.VerifyProvider(&p) != nil
	})
}
