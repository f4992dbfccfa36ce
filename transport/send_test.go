package transport

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"

	"kadmium/rpc"
	"kadmium/transport/memnet"
)

// A refusingConn is a socket on which sends fail as long as it is told so.
type refusingConn struct {
	*memnet.Conn
	why atomic.Int64 // a syscall.Errno; 0: none
}

func (c *refusingConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if why := c.why.Load(); why != 0 {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: syscall.Errno(why)}
	}
	return c.Conn.WriteToUDPAddrPort(b, to)
}

func (c *refusingConn) refuse(why syscall.Errno) { c.why.Store(int64(why)) }

func (w *world) refusingPeer(n byte) (*peer, *refusingConn) {
	w.Helper()
	conn, err := w.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 4100))
	if err != nil {
		w.Fatal(err)
	}
	c := &refusingConn{Conn: conn}
	return startPeer(w.T, n, c), c
}

// A try that the system refuses to send is lost: the request stays, and its next try is
// answered, under a session, as a first contact, and as a write that waits for one.
func TestRefusedTryIsLost(t *testing.T) {
	for _, c := range []struct {
		what    string
		met     bool
		kind    rpc.Type
		fresh   bool
		why     syscall.Errno
		refused bool
	}{
		{"session", true, rpc.FindNode, false, syscall.EPERM, true},
		{"session", true, rpc.FindNode, false, syscall.ENOBUFS, true},
		{"no route", true, rpc.FindNode, false, syscall.ENETUNREACH, false},
		{"first contact", false, rpc.FindNode, false, syscall.EPERM, true},
		{"first contact beside a session", true, rpc.FindNode, true, syscall.EPERM, true},
		{"write", true, rpc.Store, false, syscall.ENOBUFS, true},
		{"write without a session", false, rpc.Store, false, syscall.EPERM, true},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			a, conn := w.refusingPeer(1)
			b := w.peer(2)
			if c.met {
				w.meet(a, b)
			}
			conn.refuse(c.why)
			a.next++
			a.again(b.addr, c.kind, "x", a.next, c.fresh)
			w.settle()
			if got := a.Refused(a.next); got != c.refused {
				t.Errorf("%s, %v: refused %v", c.what, c.why, got)
			}
			if s := a.Stats(); s.Dropped["sending failed"] != 1 || s.Outstanding == 0 {
				t.Errorf("%s, %v: %+v", c.what, c.why, s)
			}
			conn.refuse(0)
			a.again(b.addr, c.kind, "x", a.next, c.fresh)
			w.settle()
			a.wantAnswer(b.addr, a.next, "re:x")
		})
	}
}

// What the system can never send ends the request at once.
func TestWhatCanNeverBeSentIsAnError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, conn := w.refusingPeer(1)
		b := w.peer(2)
		w.meet(a, b)
		for _, why := range []syscall.Errno{syscall.EMSGSIZE, syscall.EINVAL, syscall.EAFNOSUPPORT, syscall.EACCES} {
			conn.refuse(why)
			if err := a.Request(Request{To: b.addr, ID: 77, Type: rpc.FindNode}); !errors.Is(err, why) {
				t.Errorf("%v: %v", why, err)
			}
			if s := a.Stats(); s.Outstanding != 0 {
				t.Errorf("%v: %d outstanding", why, s.Outstanding)
			}
		}
	})
}

// A reply that the system refuses to send is lost as one on the way: the next try of the
// request draws it.
func TestRefusedReplyIsLost(t *testing.T) {
	for _, kind := range []rpc.Type{rpc.FindNode, rpc.Store} {
		for _, met := range []bool{true, false} {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer(1)
				b, conn := w.refusingPeer(2)
				if met {
					w.meet(a, b)
				}
				conn.refuse(syscall.EPERM)
				id := a.ask(b.addr, kind, "x")
				w.settle()
				if s := b.Stats(); s.Dropped["sending failed"] != 1 || len(a.inbox()) != 0 {
					t.Errorf("%v, met %v: %+v", kind, met, s)
				}
				conn.refuse(0)
				a.again(b.addr, kind, "x", id, false)
				w.settle()
				a.wantAnswer(b.addr, id, "re:x")
			})
		}
	}
}
