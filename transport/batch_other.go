//go:build !linux

package transport

import (
	"net"
	"net/netip"
	"syscall"
)

// Datagrams are read and written one by one here.
type outbox struct{}

func batching(*net.UDPConn) (raw syscall.RawConn, ipv6 bool, err error) { return nil, false, nil }

func (t *Transport) queue(*socket, *buffer, netip.AddrPort, netip.Addr) bool { return false }

func (t *Transport) drain(*reader) int { return 0 }
