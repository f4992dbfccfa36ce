package session

import (
	"encoding/binary"
	"net/netip"

	"kadmium/identity"
)

// Offsets of a first response's fields, in bytes.
const (
	responseTag       = 2
	responseFlags     = 6
	responseType      = 7
	responseID        = 8
	responseFrom      = 16
	responseEphemeral = 48
	responseSession   = 80
	responseNonce     = 88
	responseFamily    = 104
	responseIP        = 105
	responsePort      = 121
	responseBodyLen   = 123
	responseBody      = 125
)

// A FirstResponse is a parsed first response. Body and the datagram behind it are
// the receiver's buffer.
type FirstResponse struct {
	Type, Flags uint8
	ID          uint64
	From        identity.ID    // not yet proven: see Complete
	Observed    netip.AddrPort // where the responder saw the initiator
	Body        []byte
	datagram    []byte
}

// ParseFirstResponse makes the cheap checks of a first response: length, version,
// network, sender and the form of the observed address. The caller finds the request
// that it answers, and only then has Complete check the signature.
func (e *Endpoint) ParseFirstResponse(datagram []byte) (FirstResponse, error) {
	var r FirstResponse
	if err := want(datagram, KindFirstResponse); err != nil {
		return r, err
	}
	if len(datagram) < FirstResponseOverhead {
		return r, ErrLength
	}
	if [4]byte(datagram[responseTag:]) != e.network.tag {
		return r, ErrNetwork
	}
	size := int(binary.BigEndian.Uint16(datagram[responseBodyLen:]))
	if len(datagram) != FirstResponseOverhead+size {
		return r, ErrLength
	}
	r = FirstResponse{
		Type:     datagram[responseType],
		Flags:    datagram[responseFlags],
		ID:       binary.BigEndian.Uint64(datagram[responseID:]),
		From:     identity.ID(datagram[responseFrom:]),
		Body:     datagram[responseBody : responseBody+size : responseBody+size],
		datagram: datagram,
	}
	if r.From.SmallOrder() || r.From == e.id {
		return r, ErrSender
	}
	var err error
	r.Observed, err = parseObserved(datagram)
	return r, err
}

// parseObserved reads the observed address, which has one encoding only, and is one that
// a host can have.
func parseObserved(datagram []byte) (netip.AddrPort, error) {
	raw := [16]byte(datagram[responseIP:])
	ip := netip.AddrFrom16(raw)
	switch datagram[responseFamily] {
	case 4:
		if [12]byte(raw[4:]) != [12]byte{} {
			return netip.AddrPort{}, ErrObserved
		}
		ip = netip.AddrFrom4([4]byte(raw[:]))
	case 6:
		if ip.Is4In6() {
			return netip.AddrPort{}, ErrObserved
		}
	default:
		return netip.AddrPort{}, ErrObserved
	}
	port := binary.BigEndian.Uint16(datagram[responsePort:])
	if port == 0 || ip.IsUnspecified() || ip.IsMulticast() {
		return netip.AddrPort{}, ErrObserved
	}
	return netip.AddrPortFrom(ip, port), nil
}

// appendObserved appends family, IP (16 bytes) and port.
func appendObserved(dst []byte, ap netip.AddrPort) []byte {
	ip, family, raw := ap.Addr().Unmap(), byte(6), [16]byte{}
	if ip.Is4() {
		family = 4
		copy(raw[:], ip.AsSlice())
	} else {
		raw = ip.As16()
	}
	dst = append(dst, family)
	dst = append(dst, raw[:]...)
	return binary.BigEndian.AppendUint16(dst, ap.Port())
}
