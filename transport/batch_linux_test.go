package transport

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// A batch says of each datagram where it came from and which address was asked,
// and answers from there; one that cannot be sent holds up no other.
func TestBatch(t *testing.T) {
	for _, c := range []struct{ network, at, client, asked string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"udp6", "[::1]:0", "[::1]:0", "::1"},
		{"udp4", "0.0.0.0:0", "127.0.0.1:0", "127.0.0.2"},
		{"udp", "[::]:0", "127.0.0.1:0", "127.0.0.2"},
		{"udp", "[::]:0", "[::1]:0", "::1"},
	} {
		t.Run(c.network+" "+c.at+" "+c.asked, func(t *testing.T) {
			s, err := newSocket(listenUDP(t, c.network, c.at))
			if err != nil {
				t.Fatal(err)
			}
			client := listenUDP(t, "udp", c.client)
			asked := netip.AddrPortFrom(netip.MustParseAddr(c.asked), s.at.Port())
			const count = batchSize + 3
			for i := range count {
				if _, err := client.WriteToUDPAddrPort(fmt.Appendf(nil, "ask %d", i), asked); err != nil {
					t.Fatal(err)
				}
			}
			tr := &Transport{outstanding: newOutstanding(1)}
			req, err := tr.outstanding.add(&Request{ID: 7}, s)
			if err != nil {
				t.Fatal(err)
			}
			b := newBatch()
			seen := 0
			for seen < count {
				n := b.receive(s.bound.Load().batchConn)
				if n == 0 {
					t.Fatalf("%d of %d datagrams came", seen, count)
				}
				s.out.batch = b
				for i := range n {
					d, from, local := b.datagram(i)
					if string(d) != fmt.Sprint("ask ", seen) || from.Addr() != netip.MustParseAddrPort(c.client).Addr() {
						t.Fatalf("datagram %d is %q from %v", seen, d, from)
					}
					if s.bound.Load().pktinfo != nil && local != asked.Addr() {
						t.Fatalf("sent to %v, received at %v", asked, local)
					}
					if i == 1 { // nobody has port 0
						d := copyBuffer([]byte("lost"))
						d.request = req.id
						tr.queue(s, d, netip.AddrPortFrom(from.Addr(), 0), local)
					}
					if !tr.queue(s, copyBuffer(fmt.Appendf(nil, "answer %d", seen)), from, local) {
						t.Fatal("not queued")
					}
					seen++
				}
				s.out.batch = nil
				tr.flush(s, b)
			}
			if b.receive(s.bound.Load().batchConn) != 0 {
				t.Fatal("more came than was sent")
			}
			for i := range count {
				var data [64]byte
				client.SetReadDeadline(time.Now().Add(5 * time.Second))
				n, from, err := client.ReadFromUDPAddrPort(data[:])
				if err != nil || string(data[:n]) != fmt.Sprint("answer ", i) || from != asked {
					t.Fatalf("answer %d is %q from %v, %v", i, data[:n], from, err)
				}
			}
			if lost := tr.count.dropped[dropSend].Load(); lost != 2 {
				t.Errorf("%d counted as not sent", lost)
			}
			if !tr.Refused(req.id) {
				t.Error("the request whose try was not sent is not marked")
			}
			if tr.queue(s, nil, asked, asked.Addr()) {
				t.Error("queued outside of a batch")
			}
		})
	}
}
