package session

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"kadmium/identity"
)

// Errors of session datagrams.
var (
	ErrReplay    = errors.New("counter seen before or too old")
	ErrSeal      = errors.New("not sealed by the session's peer")
	ErrSessionID = errors.New("another session's ID")
	ErrExhausted = errors.New("session has sent all it may")
)

// MaxCounter is one above the highest counter of a session datagram, and so the number
// of datagrams in one direction: reached long before a counter could wrap, and well
// within the limits of ChaCha20-Poly1305. Counters from there on are refused.
const MaxCounter = 1 << 32

// Offsets of a session datagram's fields, in bytes; all of the header is
// authenticated, the rest is also encrypted.
const (
	sessionID        = 2
	sessionCounter   = 10
	sessionRequestID = 18
	sessionHeader    = 26
	nonceZeros       = 4
)

// The sealed text begins with the highest wire version that the sender speaks, a type
// and flags; then comes the sender's coordinate, if the flags say so.
const (
	textHead       = 3
	coordinateSize = 6
)

// A Session is what two peers share after a first contact: a cipher for each direction,
// a send counter and a replay window. Not safe for concurrent use.
type Session struct {
	seal, open        cipher.AEAD
	peer              identity.ID
	sendID, receiveID uint64
	sent              uint64 // number of datagrams so far: the next counter
	window            Window
	reads             tokenBucket    // zero until the first
	address           netip.AddrPort // where the first contact went or came from
	next              *Session       // of the same peer, see Table
	made, retire      int64          // Unix nanoseconds; retire 0: in use
	nonce             [chacha20poly1305.NonceSize]byte
	initiated         bool // this side began it
	confirmed         bool // it has opened a datagram
	suspect           bool // the peer seems to have lost it
	left              bool // the peer has ended since
}

// Peer is the other end of the session.
func (s *Session) Peer() identity.ID { return s.peer }

// ReceiveID is the ID in datagrams that this side receives.
func (s *Session) ReceiveID() uint64 { return s.receiveID }

// SendID is the ID in datagrams that this side sends.
func (s *Session) SendID() uint64 { return s.sendID }

// Address is where the peer is known to receive, if it is known at all.
func (s *Session) Address() netip.AddrPort { return s.address }

// ProvenAt reports whether the peer has proved that it receives at the address.
func (s *Session) ProvenAt(a netip.AddrPort) bool {
	return a == s.address && (s.initiated || s.confirmed)
}

// Prove makes a the proven address: a request sent there has been answered from
// there under this session.
func (s *Session) Prove(a netip.AddrPort) { s.address = a }

// Seal appends a session datagram to dst: kind is KindRequest, KindResponse or
// KindNotice. typ is an RPC's, of a notice a NoticeType, and a notice's requestID is 0. It
// allocates only if dst lacks room (SessionOverhead bytes and the body's). Its
// errors are ErrExhausted and ErrTooLarge; dst is then returned as it was.
func (s *Session) Seal(dst []byte, kind Kind, requestID uint64, typ, flags uint8, body []byte) ([]byte, error) {
	if s.sent >= MaxCounter {
		return dst, ErrExhausted
	}
	if len(body) > MaxSessionBody {
		return dst, ErrTooLarge
	}
	counter := s.sent
	s.sent++
	start := len(dst)
	dst = slices.Grow(dst, SessionOverhead+len(body))
	dst = append(dst, Version, byte(kind))
	dst = binary.BigEndian.AppendUint64(dst, s.sendID)
	dst = binary.BigEndian.AppendUint64(dst, counter)
	dst = binary.BigEndian.AppendUint64(dst, requestID)
	header := dst[start:]
	dst = append(dst, Version, typ, flags&^FlagCoordinate)
	dst = append(dst, body...)
	text := dst[start+sessionHeader:]
	binary.BigEndian.PutUint64(s.nonce[nonceZeros:], counter)
	sealed := s.seal.Seal(text[:0], s.nonce[:], text, header)
	return dst[:start+sessionHeader+len(sealed)], nil // sealed in place: Grow made the room
}

// An Opened is an authentic session datagram's content: Type is an RPC's, or of a
// notice a NoticeType. Body is the datagram's memory.
type Opened struct {
	Kind        Kind
	Type, Flags uint8
	RequestID   uint64
	Body        []byte
}

// MaxSessionBody is how many bytes the body of a session datagram may have.
const MaxSessionBody = MaxDatagram - SessionOverhead

// SessionRoom is how many bytes the body of a session response may have, to a
// request of that size from an address that is proven or not (wire.md rule 6).
func SessionRoom(request int, proven bool) int {
	if proven {
		return MaxSessionBody
	}
	return max(0, min(MaxDatagram, Amplification*request)-SessionOverhead)
}

// ReceiverOf is the session ID in a datagram whose kind is KindRequest, KindResponse
// or KindNotice. Its errors are those of KindOf.
func ReceiverOf(datagram []byte) (id uint64, err error) {
	k, err := KindOf(datagram)
	if err != nil {
		return 0, err
	}
	if k != KindRequest && k != KindResponse && k != KindNotice {
		return 0, ErrKind
	}
	if len(datagram) < SessionOverhead {
		return 0, ErrLength
	}
	return binary.BigEndian.Uint64(datagram[sessionID:]), nil
}

// RequestIDOf is the request ID in the header of a datagram that ReceiverOf
// accepts: not authentic before Open.
func RequestIDOf(datagram []byte) uint64 {
	return binary.BigEndian.Uint64(datagram[sessionRequestID:])
}

// Open decrypts a session datagram in place; it may come from any address. The datagram
// is overwritten even on failure. It allocates nothing. Its errors are those of
// ReceiverOf, ErrSessionID, ErrReplay, ErrSeal, and ErrText: an authentic datagram whose
// text is malformed uses its counter up.
func (s *Session) Open(datagram []byte) (Opened, error) {
	id, err := ReceiverOf(datagram)
	if err != nil {
		return Opened{}, err
	}
	if id != s.receiveID {
		return Opened{}, ErrSessionID
	}
	counter := binary.BigEndian.Uint64(datagram[sessionCounter:])
	if counter >= MaxCounter || !s.window.Check(counter) {
		return Opened{}, ErrReplay
	}
	binary.BigEndian.PutUint64(s.nonce[nonceZeros:], counter)
	sealed := datagram[sessionHeader:]
	text, err := s.open.Open(sealed[:0], s.nonce[:], sealed, datagram[:sessionHeader])
	if err != nil {
		return Opened{}, ErrSeal
	}
	s.window.Mark(counter)
	return parseText(datagram, text)
}

// parseText reads the decrypted text of a datagram.
func parseText(datagram, text []byte) (Opened, error) {
	o := Opened{
		Kind:      Kind(datagram[1]),
		Type:      text[1],
		Flags:     text[2],
		RequestID: RequestIDOf(datagram),
		Body:      text[textHead:],
	}
	if text[0] < Version || o.Kind == KindNotice && o.RequestID != 0 {
		return Opened{}, ErrText
	}
	if o.Flags&FlagCoordinate != 0 {
		if len(o.Body) < coordinateSize {
			return Opened{}, ErrText
		}
		o.Body = o.Body[coordinateSize:]
	}
	return o, nil
}
