package session

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"

	"kadmium/identity"
)

// Offsets of a first request's fields, in bytes.
const (
	requestTag         = 2
	requestFlags       = 6
	requestType        = 7
	requestID          = 8
	requestFrom        = 16
	requestTo          = 48
	requestEphemeral   = 80
	requestSession     = 112
	requestCookie      = 120
	requestBodyLen     = 136
	requestBody        = 138
	requestCookieEnd   = requestCookie + len(Cookie{})
	maxFirstRequestLen = MaxDatagram - FirstRequestOverhead
)

// A FirstRequest is a parsed first request. Body and the datagram behind it are
// the receiver's buffer.
type FirstRequest struct {
	Type, Flags uint8
	ID          uint64
	From        identity.ID // not yet proven: see Verify
	To          identity.ID // zero if the sender does not know the ID of the peer it asks
	Cookie      Cookie
	Body        []byte
	datagram    []byte
}

// ParseFirstRequest makes the cheap checks of a first request that arrived at the
// endpoint: length, version, network, destination, sender, type and padding (wire.md
// rule 8). The signature is not checked yet.
func (e *Endpoint) ParseFirstRequest(datagram []byte) (FirstRequest, error) {
	var r FirstRequest
	if err := want(datagram, KindFirstRequest); err != nil {
		return r, err
	}
	if len(datagram) < MinFirstRequest {
		return r, ErrLength
	}
	if [4]byte(datagram[requestTag:]) != e.network.tag {
		return r, ErrNetwork
	}
	size := int(binary.BigEndian.Uint16(datagram[requestBodyLen:]))
	if len(datagram) != firstRequestSize(size) {
		return r, ErrLength
	}
	r = FirstRequest{
		Type:     datagram[requestType],
		Flags:    datagram[requestFlags],
		ID:       binary.BigEndian.Uint64(datagram[requestID:]),
		From:     identity.ID(datagram[requestFrom:]),
		To:       identity.ID(datagram[requestTo:]),
		Cookie:   Cookie(datagram[requestCookie:]),
		Body:     datagram[requestBody : requestBody+size : requestBody+size],
		datagram: datagram,
	}
	if !r.To.IsZero() && r.To != e.id {
		return r, ErrDestination
	}
	if r.From.SmallOrder() || r.From == e.id {
		return r, ErrSender
	}
	if !e.mayOpen(r.Type, !r.To.IsZero()) {
		return r, ErrType
	}
	for _, b := range datagram[requestBody+size : len(datagram)-signatureSize] {
		if b != 0 {
			return r, ErrPadding
		}
	}
	return r, nil
}

// firstRequestSize is the size of a first request with a body of so many bytes; no
// other is allowed.
func firstRequestSize(body int) int { return max(MinFirstRequest, FirstRequestOverhead+body) }

// hashRequest feeds a first request to SHA-256 with its cookie as zeros: only the
// cookie may differ between two sends of one request.
func hashRequest(datagram []byte) hash.Hash {
	h := sha256.New()
	h.Write(datagram[:requestCookie])
	h.Write(make([]byte, len(Cookie{})))
	h.Write(datagram[requestCookieEnd:])
	return h
}

// A RequestKey identifies one first request from one address. A retry has the same key,
// with any cookie; no other request has it.
type RequestKey struct {
	from netip.AddrPort
	hash [16]byte
}

// Key is the key of the request, as coming from that address.
func (r *FirstRequest) Key(from netip.AddrPort) RequestKey {
	return RequestKey{from, [16]byte(hashRequest(r.datagram).Sum(nil))}
}

// FirstResponseRoom is how many bytes the body of the response to a first request
// of that size may have: one datagram, and at most Amplification times the
// request's (wire.md rule 6).
func FirstResponseRoom(request int) int {
	return max(0, min(MaxDatagram, Amplification*request)-FirstResponseOverhead)
}

// MaxFirstBody is how many bytes the body of a first request may have.
const MaxFirstBody = maxFirstRequestLen
