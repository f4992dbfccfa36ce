package driver

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"kadmium/transport"
)

// dialerLife is how long the socket of a dial back stays open.
const dialerLife = 10 * time.Second

var errNoDialer = errors.New("no other address to dial back from")

// A dialer is a second transport, on a port of its own. From it the node dials back
// peers that want to know whether others can reach them (design R7.8): the first
// contact has to come from an address that they have not sent to. It is open while
// there are dial backs to make. d.mu guards it.
type dialer struct {
	transport *transport.Transport // nil: closed
	failing   bool                 // the last socket could not be opened, which was logged
}

// dialBack sends one first contact from the dialer. The answer means nothing to the
// engine: the datagram itself was all. The caller holds d.mu.
func (d *Driver) dialBack(r transport.Request) error {
	if d.dialer.transport == nil {
		if err := d.openDialer(r.To.Endpoint.Addr()); err != nil {
			return err
		}
	}
	return d.dialer.transport.Request(r)
}

func (d *Driver) openDialer(to netip.Addr) error {
	if d.listenPacket == nil {
		return errNoDialer
	}
	var from netip.Addr
	for _, at := range d.transport.Addrs() {
		if at.Addr().Is4() == to.Is4() {
			from = at.Addr()
			break
		}
	}
	if !from.IsValid() {
		return errNoDialer
	}
	conn, err := d.listenPacket(netip.AddrPortFrom(from, 0))
	if err != nil {
		if !d.dialer.failing { // for example no file handle is left; the next peer that asks finds one
			d.logger.Warn("no socket to dial back from", "err", err)
		}
		d.dialer.failing = true
		return err
	}
	d.dialer.failing = false
	t, err := d.newTransport([]net.PacketConn{conn}, func(*transport.Inbound) {}, nil, nil)
	if err != nil {
		conn.Close()
		return err
	}
	t.Start()
	d.dialer.transport = t
	d.afterFunc(dialerLife, d.dialerExpired)
	return nil
}

// dialerExpired is run by the dialer's timer. Close waits for what it begins.
func (d *Driver) dialerExpired() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.workers.Go(d.closeDialer)
	}
}

func (d *Driver) closeDialer() {
	d.mu.Lock()
	t := d.dialer.transport
	d.dialer.transport = nil
	d.mu.Unlock()
	if t != nil {
		t.Close()
	}
}
