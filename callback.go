package kadmium

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"kadmium/transport"
)

// outletLife is how long the socket of a call back stays open.
const outletLife = 10 * time.Second

var errNoOutlet = errors.New("no other address to call back from")

// An outlet is a second transport, on a port of its own, from which the node calls
// back peers that want to know whether strangers can reach them (design, section
// 7): the call has to come from an address they have not spoken to. It stands
// while there are calls to make. n.mu guards it.
type outlet struct {
	listen    func(netip.AddrPort) (net.PacketConn, error)
	transport *transport.Transport // nil: closed
}

// callBack sends one first contact from the outlet. What comes back means nothing
// to the engine: the call itself was all. The caller holds n.mu.
func (n *Node) callBack(r transport.Request) error {
	if n.outlet.transport == nil {
		if err := n.openOutlet(r.To.Endpoint.Addr()); err != nil {
			return err
		}
	}
	return n.outlet.transport.Request(r)
}

func (n *Node) openOutlet(to netip.Addr) error {
	o := &n.outlet
	if o.listen == nil {
		return errNoOutlet
	}
	var from netip.Addr
	for _, at := range n.transport.Addrs() {
		if at.Addr().Is4() == to.Is4() {
			from = at.Addr()
			break
		}
	}
	if !from.IsValid() {
		return errNoOutlet
	}
	conn, err := o.listen(netip.AddrPortFrom(from, 0))
	if err != nil {
		return err
	}
	t, err := n.newTransport([]net.PacketConn{conn}, func(*transport.Inbound) {})
	if err != nil {
		conn.Close()
		return err
	}
	t.Start()
	o.transport = t
	n.clock.AfterFunc(outletLife, n.outletOver)
	return nil
}

// outletOver is the call of the outlet's timer. Close waits for what it begins.
func (n *Node) outletOver() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.down {
		n.workers.Go(n.closeOutlet)
	}
}

func (n *Node) closeOutlet() {
	n.mu.Lock()
	t := n.outlet.transport
	n.outlet.transport = nil
	n.mu.Unlock()
	if t != nil {
		t.Close()
	}
}
