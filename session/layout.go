package session

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Errors of datagrams, one for each reason that is counted (wire.md rule 9).
var (
	ErrLength      = errors.New("wrong length")
	ErrVersion     = errors.New("unknown version")
	ErrKind        = errors.New("unknown kind of datagram")
	ErrNetwork     = errors.New("another network")
	ErrDestination = errors.New("meant for another peer")
	ErrSender      = errors.New("sender is nobody, anybody or oneself")
	ErrType        = errors.New("RPC not allowed as a first contact")
	ErrPadding     = errors.New("padding is not zero")
	ErrObserved    = errors.New("malformed observed address")
	ErrCookie      = errors.New("a cookie of zeros")
	ErrText        = errors.New("malformed sealed text")
	ErrNetworkName = errors.New("a network's name has 1 to 255 bytes")
)

// Version is the first byte of every datagram. All versions are under 0x40, so that
// QUIC (RFC 9000, whose fixed bit that is) can share the socket.
const Version = 2

// MaxDatagram is the largest datagram, in bytes of UDP payload: IPv6's minimum
// MTU of 1,280 (RFC 8200, section 5) less 40 of IPv6 and 8 of UDP header.
const MaxDatagram = 1232

// Amplification bounds a reply to an unproven address, in multiples of the
// datagram that asked for it (docs/wire.md, rule 6; RFC 9000, section 8.1).
const Amplification = 3

// A Kind says what a datagram is; it is its second byte.
type Kind uint8

// The seven kinds.
const (
	KindFirstRequest Kind = 1 + iota
	KindFirstResponse
	KindRequest
	KindResponse
	KindCookie
	KindNoSession
	KindNotice // one-way: it draws nothing
)

// The flags of a message; other bits are sent as zero and ignored.
const (
	FlagServes     = 1 // the sender is a server, which may enter the routing table
	FlagCoordinate = 2 // under a session: the sender's coordinate follows. Seal refuses it, Open skips it
)

// A NoticeType says what a notice tells. Unknown ones are ignored.
type NoticeType uint8

// NoticeLeave tells that the sender ends.
const NoticeLeave NoticeType = 1

// Sizes of the fixed parts, in bytes.
const (
	MinFirstRequest       = (MaxDatagram + Amplification - 1) / Amplification // padded up to this, so that a full answer fits
	FirstRequestOverhead  = requestBody + signatureSize
	FirstResponseOverhead = responseBody + signatureSize
	SessionOverhead       = sessionHeader + textHead + tagSize
	CookieDatagram        = 30
	NoSessionDatagram     = 26

	signatureSize = 64
	tagSize       = 16
	minDatagram   = NoSessionDatagram
)

// KindOf is the kind of a datagram of a possible length and this version. Its
// errors are ErrLength, ErrVersion and ErrKind.
func KindOf(datagram []byte) (Kind, error) {
	if len(datagram) < minDatagram || len(datagram) > MaxDatagram {
		return 0, ErrLength
	}
	if datagram[0] != Version {
		return 0, ErrVersion
	}
	k := Kind(datagram[1])
	if k < KindFirstRequest || k > KindNotice {
		return 0, ErrKind
	}
	return k, nil
}

// want is KindOf for a parser that reads one kind only.
func want(datagram []byte, k Kind) error {
	got, err := KindOf(datagram)
	if err == nil && got != k {
		err = ErrKind
	}
	return err
}

// A Network is a network's name and what is derived from it: its name is in every
// signature, its tag in the head of first contacts and cookies.
type Network struct {
	name string
	tag  [4]byte
}

// NewNetwork makes a network of its name, 1 to 255 bytes. Its error is
// ErrNetworkName.
func NewNetwork(name string) (Network, error) {
	if len(name) == 0 || len(name) > 255 {
		return Network{}, fmt.Errorf("%w, not %d", ErrNetworkName, len(name))
	}
	sum := sha256.Sum256([]byte("kadmium network\x00" + name))
	return Network{name, [4]byte(sum[:4])}, nil
}

// Tag is the network's tag in hex.
func (n *Network) Tag() string { return hex.EncodeToString(n.tag[:]) }

// NetworkTagOf is the network tag of a first request, in hex.
func NetworkTagOf(firstRequest []byte) string {
	return hex.EncodeToString(firstRequest[requestTag : requestTag+len(Network{}.tag)])
}

// A Cookie proves an address to a responder under load, before it checks the signature
// of a first request (wire.md, section 6). The zero Cookie is none.
type Cookie [16]byte

// AppendCookie appends the COOKIE datagram that answers a first request.
func AppendCookie(dst []byte, n *Network, requestID uint64, c Cookie) []byte {
	dst = append(dst, Version, byte(KindCookie))
	dst = append(dst, n.tag[:]...)
	dst = binary.BigEndian.AppendUint64(dst, requestID)
	return append(dst, c[:]...)
}

// ParseCookie reads a COOKIE datagram. Its errors are those of KindOf, ErrNetwork,
// and ErrCookie: zeros stand for none.
func ParseCookie(datagram []byte, n *Network) (requestID uint64, c Cookie, err error) {
	if err := want(datagram, KindCookie); err != nil {
		return 0, c, err
	}
	if len(datagram) != CookieDatagram {
		return 0, c, ErrLength
	}
	if [4]byte(datagram[2:6]) != n.tag {
		return 0, c, ErrNetwork
	}
	if c = Cookie(datagram[14:30]); c == (Cookie{}) {
		return 0, c, ErrCookie
	}
	return binary.BigEndian.Uint64(datagram[6:]), c, nil
}

// A Tag is the authenticator of a session datagram, its last 16 bytes.
type Tag [tagSize]byte

// TagOf is the tag of a session datagram, sealed or received.
func TagOf(datagram []byte) Tag { return Tag(datagram[len(datagram)-tagSize:]) }

// AppendNoSession appends the NOSESSION datagram that answers a session request under
// an unknown session ID: it echoes that ID and the datagram's tag (wire.md rule 5).
func AppendNoSession(dst []byte, sessionID uint64, t Tag) []byte {
	dst = append(dst, Version, byte(KindNoSession))
	dst = binary.BigEndian.AppendUint64(dst, sessionID)
	return append(dst, t[:]...)
}

// ParseNoSession reads a NOSESSION datagram. Its errors are those of KindOf.
func ParseNoSession(datagram []byte) (sessionID uint64, t Tag, err error) {
	if err := want(datagram, KindNoSession); err != nil {
		return 0, t, err
	}
	if len(datagram) != NoSessionDatagram {
		return 0, t, ErrLength
	}
	return binary.BigEndian.Uint64(datagram[2:]), Tag(datagram[10:26]), nil
}
