//go:build !linux

package transport

import (
	"net"
	"net/netip"

	"kadmium/rpc"
)

const controlSize = 1

// enablePacketInfo asks for no packet information on this system: the system's
// routing chooses the source address of replies. An IPv6 wildcard socket is taken for
// one of both families, as Go opens it.
func enablePacketInfo(_ *net.UDPConn, is4 bool) (dual, enabled bool, err error) {
	return !is4, false, nil
}

func parseLocal([]byte) netip.Addr { return netip.Addr{} }

func appendLocal(b []byte, _ netip.Addr, _ rpc.Families) []byte { return b }
