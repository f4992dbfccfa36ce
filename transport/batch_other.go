//go:build !linux

package transport

import "net/netip"

// Datagrams are read and written one by one here.
type outbox struct{}

func (t *Transport) queue(*socket, *buffer, netip.AddrPort, netip.Addr) bool { return false }

func (t *Transport) drain(*reader) int { return 0 }
