package driver

import (
	"net/netip"
	"slices"
	"time"
)

const (
	interfacesEvery = heartbeat        // between two looks at the addresses of the interfaces
	movedPause      = 30 * time.Second // from one change that is acted on to the next
	movedAgain      = 10 * time.Second // until the contacts are greeted once more: routes may come after addresses
)

// interfaces watches the addresses of the interfaces where a socket is bound to all of them
// (design R7.27). A node with nothing to do would not notice otherwise that it has moved,
// and nor would others.
type interfaces struct {
	looked time.Time
	own    []netip.Addr // as seen last, ascending
	moved  time.Time    // the last change that was acted on
	again  bool         // the contacts are to be greeted once more
}

// watchInterfaces greets the contacts after the addresses have changed. The caller holds d.mu.
func (d *Driver) watchInterfaces(now time.Time) {
	w := &d.interfaces
	if now.Sub(w.looked) < interfacesEvery {
		return
	}
	first := w.looked.IsZero()
	w.looked = now
	own := d.boundAddresses()
	switch changed := len(own) > 0 && !slices.Equal(own, w.own); {
	case first:
		w.own = own
	case changed && now.Sub(w.moved) >= movedPause:
		d.logger.Info("the addresses of this machine have changed, and the node greets its contacts", "from", w.own, "to", own)
		w.own, w.moved, w.again = own, now, true
		d.step(d.engine.Moved)
	case w.again && now.Sub(w.moved) >= movedAgain:
		w.again = false
		d.step(d.engine.Moved)
	}
}

// boundAddresses are the addresses of this machine that its unspecified sockets are bound
// to, without loopback. Nil where there is no such socket.
func (d *Driver) boundAddresses() (own []netip.Addr) {
	for _, at := range d.transport.Addrs() {
		if !at.Addr().IsUnspecified() {
			continue
		}
		for _, ip := range d.expand(at.Addr()) {
			if !ip.IsLoopback() && !ip.IsUnspecified() {
				own = append(own, ip)
			}
		}
	}
	slices.SortFunc(own, netip.Addr.Compare)
	return own
}
