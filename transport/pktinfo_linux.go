package transport

import (
	"encoding/binary"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"kadmium/rpc"
)

// controlSize holds one packet-information control message of either family,
// aligned, with room to spare (ip(7), ipv6(7), RFC 3542 section 6).
const controlSize = 64

// enablePacketInfo asks a socket bound to a wildcard address to tell which address each
// datagram was sent to, and whether it takes both families.
func enablePacketInfo(conn *net.UDPConn, is4 bool) (dual, enabled bool, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false, false, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		domain, e := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		if e != nil {
			failed = e
			return
		}
		if domain == unix.AF_INET {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
			return
		}
		only, e := unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		if e != nil {
			failed = e
			return
		}
		dual = only == 0
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	})
	if err == nil {
		err = failed
	}
	return dual, err == nil, err
}

// parseLocal is the destination address in a datagram's control messages, unmapped.
func parseLocal(oob []byte) netip.Addr {
	for len(oob) >= unix.CmsgLen(0) {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return netip.Addr{}
		}
		switch {
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[4:8])) // ipi_spec_dst: ours, also for a broadcast
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(data[:16])).Unmap()
		}
		oob = rest
	}
	return netip.Addr{}
}

// appendLocal appends the control message that makes a datagram leave from local.
// A socket of both families takes IPv4 addresses in their mapped form.
func appendLocal(b []byte, local netip.Addr, families rpc.Families) []byte {
	if local.Is4() && families&rpc.IPv6 == 0 {
		b = appendHeader(b, unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
		ip := local.As4()
		b = append(b, 0, 0, 0, 0) // any interface
		b = append(b, ip[:]...)   // ipi_spec_dst: the source
		b = append(b, 0, 0, 0, 0)
		return pad(b, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	}
	b = appendHeader(b, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)
	ip := local.As16()
	b = append(b, ip[:]...)
	b = append(b, 0, 0, 0, 0) // any interface
	return pad(b, unix.CmsgSpace(unix.SizeofInet6Pktinfo))
}

func appendHeader(b []byte, level, kind uint32, size int) []byte {
	length := uint64(unix.CmsgLen(size))
	if unsafe.Sizeof(uintptr(0)) == 8 { // cmsg_len is a size_t
		b = binary.NativeEndian.AppendUint64(b, length)
	} else {
		b = binary.NativeEndian.AppendUint32(b, uint32(length))
	}
	b = binary.NativeEndian.AppendUint32(b, level)
	return binary.NativeEndian.AppendUint32(b, kind)
}

func pad(b []byte, size int) []byte {
	for len(b) < size {
		b = append(b, 0)
	}
	return b
}
