package transport

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"kadmium/session"
)

// batchSize is how many datagrams one recvmmsg(2) or sendmmsg(2) moves at most. With
// 256 requests in flight batches save a third of the CPU time of a round trip.
const batchSize = 16

// A batch is the memory for one recvmmsg and one sendmmsg. A busy read loop takes one
// from a pool of the process; an idle node holds none.
type batch struct {
	in, out  [batchSize]header
	inSlots  [batchSize]slot
	outSlots [batchSize]slot
	data     [batchSize][session.MaxDatagram + 1]byte
	queued   [batchSize]*buffer // what outSlots point to
	first    int                // of those to send
	pending  int                // one behind the last
	moved    int                // by the latest call
	errno    syscall.Errno      // of the latest send; 0: none
	recv     func(fd uintptr) bool
	send     func(fd uintptr) bool
}

// header is struct mmsghdr.
type header struct {
	unix.Msghdr
	size uint32
}

type slot struct {
	iov     unix.Iovec
	name    unix.RawSockaddrInet6 // also has room for an Inet4
	control [controlSize]byte
}

// batching returns what moves batches through a socket, and whether the socket takes
// IPv6 addresses.
func batching(conn *net.UDPConn) (raw syscall.RawConn, ipv6 bool, err error) {
	if raw, err = conn.SyscallConn(); err != nil {
		return nil, false, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var domain int
		domain, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		ipv6 = domain == unix.AF_INET6
	})
	if err == nil {
		err = failed
	}
	return raw, ipv6, err
}

var batches = sync.Pool{New: func() any { return newBatch() }}

func newBatch() *batch {
	b := new(batch)
	for i := range batchSize {
		b.inSlots[i].iov.Base = &b.data[i][0]
		b.inSlots[i].iov.SetLen(len(b.data[i]))
		for h, s := range map[*header]*slot{&b.in[i]: &b.inSlots[i], &b.out[i]: &b.outSlots[i]} {
			h.Iov = &s.iov
			h.SetIovlen(1)
			h.Name = (*byte)(unsafe.Pointer(&s.name))
		}
	}
	b.recv = func(fd uintptr) bool {
		n, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.in)), batchSize, unix.MSG_DONTWAIT, 0, 0)
		b.moved = int(n)
		if errno != 0 {
			b.moved = 0 // the next plain read reports the error
		}
		return true
	}
	b.send = func(fd uintptr) bool {
		n, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.out[b.first])), uintptr(b.pending-b.first), unix.MSG_DONTWAIT, 0, 0)
		b.moved, b.errno = int(n), errno
		return errno != unix.EAGAIN
	}
	return b
}

// receive takes the datagrams that wait at a socket, without waiting for more.
func (b *batch) receive(raw syscall.RawConn) int {
	for i := range batchSize {
		b.in[i].Namelen = unix.SizeofSockaddrInet6
		b.in[i].Control = &b.inSlots[i].control[0]
		b.in[i].SetControllen(controlSize)
	}
	b.moved = 0
	if err := raw.Read(b.recv); err != nil {
		return 0
	}
	return b.moved
}

// datagram is the ith received.
func (b *batch) datagram(i int) (d []byte, from netip.AddrPort, local netip.Addr) {
	s := &b.inSlots[i]
	return b.data[i][:b.in[i].size], endpoint(&s.name), parseLocal(s.control[:b.in[i].Controllen])
}

// put adds a datagram to those to send.
func (b *batch) put(d *buffer, to netip.AddrPort, local netip.Addr, s *socket) {
	h, slot := &b.out[b.pending], &b.outSlots[b.pending]
	slot.iov.Base = &d.data[0]
	slot.iov.SetLen(d.size)
	bound := s.bound.Load()
	h.Namelen = setEndpoint(&slot.name, to, bound.ipv6)
	h.Control = nil
	h.SetControllen(0)
	if bound.pktinfo != nil && local.IsValid() {
		h.Control = &slot.control[0]
		h.SetControllen(len(appendLocal(slot.control[:0], local, s.families)))
	}
	b.queued[b.pending] = d
	b.pending++
}

// An outbox takes what is sent while its socket's read loop handles a batch.
type outbox struct {
	mu    sync.Mutex
	batch *batch // nil: send at once
}

// queue adds the datagram to those that are sent together, and returns whether it has:
// only while a batch is being handled.
func (t *Transport) queue(s *socket, d *buffer, to netip.AddrPort, local netip.Addr) bool {
	if s.bound.Load().batchConn == nil || to.Addr().Zone() != "" {
		return false
	}
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	b := s.out.batch
	if b == nil {
		return false
	}
	b.put(d, to, local, s)
	if b.pending == batchSize {
		t.flush(s, b)
	}
	return true
}

// flush sends what is queued. The outbox is locked.
func (t *Transport) flush(s *socket, b *batch) {
	for b.first = 0; b.first < b.pending; {
		b.errno = 0
		err := s.bound.Load().batchConn.Write(b.send)
		if err == nil && b.errno != 0 {
			err = b.errno
		}
		if err != nil {
			t.notSent(b.queued[b.first], err) // the first of them: continue with the next
			b.first++
			continue
		}
		for i := b.first; i < b.first+b.moved; i++ {
			t.count.sent(b.queued[i].bytes())
		}
		b.first += b.moved
	}
	for i := range b.pending {
		putBuffer(b.queued[i])
		b.queued[i] = nil
		b.outSlots[i].iov.Base = nil
	}
	b.pending = 0
}

// drain handles the datagrams that already wait at the reader's socket, and returns how
// many they were. What is sent meanwhile is sent together.
func (t *Transport) drain(r *reader) (got int) {
	s := r.socket
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for {
		n := b.receive(s.bound.Load().batchConn)
		got += n
		if n == 0 {
			return got
		}
		s.out.mu.Lock()
		s.out.batch = b
		s.out.mu.Unlock()
		for i := range n {
			var d []byte
			d, r.from, r.local = b.datagram(i)
			t.receive(r, d)
		}
		s.out.mu.Lock()
		s.out.batch = nil
		t.flush(s, b)
		s.out.mu.Unlock()
		if n < batchSize {
			return got // no more are waiting
		}
	}
}

// endpoint is the endpoint of a socket address, unmapped.
func endpoint(name *unix.RawSockaddrInet6) netip.AddrPort {
	p := (*[2]byte)(unsafe.Pointer(&name.Port)) // in network order
	port := uint16(p[0])<<8 | uint16(p[1])
	if name.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr), port)
	}
	ip := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 { // of a link-local address
		zone := strconv.Itoa(int(name.Scope_id))
		if link, err := net.InterfaceByIndex(int(name.Scope_id)); err == nil {
			zone = link.Name
		}
		ip = ip.WithZone(zone)
	}
	return netip.AddrPortFrom(ip, port)
}

// setEndpoint writes the socket address of an endpoint without a zone, and returns its
// size. An IPv6 socket takes IPv4 addresses in their mapped form.
func setEndpoint(name *unix.RawSockaddrInet6, to netip.AddrPort, ipv6 bool) uint32 {
	*name = unix.RawSockaddrInet6{}
	p := (*[2]byte)(unsafe.Pointer(&name.Port))
	p[0], p[1] = byte(to.Port()>>8), byte(to.Port())
	if !ipv6 {
		name.Family = unix.AF_INET
		(*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr = to.Addr().As4()
		return unix.SizeofSockaddrInet4
	}
	name.Family = unix.AF_INET6
	name.Addr = to.Addr().As16()
	return unix.SizeofSockaddrInet6
}
