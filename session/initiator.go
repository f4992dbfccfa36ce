package session

import (
	"crypto/ecdh"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/netip"
	"time"

	"kadmium/identity"
)

// An Initiator is one first contact begun by this node, from its signed request until
// the response (wire.md, section 2). Its datagram is sent again as it is, except for a
// cookie.
type Initiator struct {
	endpoint  *Endpoint
	private   *ecdh.PrivateKey
	to        identity.ID
	receiveID uint64
	datagram  []byte
}

// Initiate makes and signs a first request to a peer, or to any peer at the address
// if to is zero (wire.md rule 2). The session ID that it chooses is greater than above,
// which is Table.LastInitiated of the peer. It costs an X25519 key and a signature. Its
// errors are ErrType, ErrTooLarge, ErrSender (to is oneself), and the random reader's.
func (e *Endpoint) Initiate(to identity.ID, above uint64, rpc, flags uint8, id uint64, body []byte) (*Initiator, error) {
	if !e.mayOpen(rpc, !to.IsZero()) {
		return nil, ErrType
	}
	if to == e.id {
		return nil, ErrSender
	}
	if len(body) > MaxFirstBody {
		return nil, ErrTooLarge
	}
	private, err := e.ephemeral()
	if err != nil {
		return nil, err
	}
	session, err := e.sessionID(above)
	if err != nil {
		return nil, err
	}
	size := firstRequestSize(len(body))
	d := make([]byte, 0, size)
	d = append(d, Version, byte(KindFirstRequest))
	d = append(d, e.network.tag[:]...)
	d = append(d, flags, rpc)
	d = binary.BigEndian.AppendUint64(d, id)
	d = append(d, e.id[:]...)
	d = append(d, to[:]...)
	d = append(d, private.PublicKey().Bytes()...)
	d = binary.BigEndian.AppendUint64(d, session)
	d = append(d, make([]byte, len(Cookie{}))...)
	d = binary.BigEndian.AppendUint16(d, uint16(len(body)))
	d = append(d, body...)
	d = d[:size] // the rest is still zero: padding, and room for the signature
	signature := e.key.Sign(signedRequest(&e.network, d))
	copy(d[size-signatureSize:], signature[:])
	return &Initiator{e, private, to, session, d}, nil
}

// sessionID draws a session ID greater than above. Of two sessions that this side began
// at once both sides use the one with the greater ID, so the later one must have it
// (wire.md, section 5).
func (e *Endpoint) sessionID(above uint64) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(e.random, b[:]); err != nil {
		return 0, fmt.Errorf("choosing a session ID: %w", err)
	}
	id := binary.BigEndian.Uint64(b[:])
	if above == 0 || above == math.MaxUint64 {
		return id, nil
	}
	return above + 1 + id%(math.MaxUint64-above), nil
}

// Datagram is the request to send, and to send again. It stays the initiator's.
func (i *Initiator) Datagram() []byte { return i.datagram }

// SetCookie puts the responder's cookie into the request.
func (i *Initiator) SetCookie(c Cookie) { copy(i.datagram[requestCookie:], c[:]) }

// Complete checks that the response answers this request, comes from the peer
// asked and is signed, and makes the session with it. from is the address it came
// from, which is thereby proven. It costs an X25519 and a signature check. Its
// errors are ErrUnexpected, ErrSignature and ErrKeyExchange.
func (i *Initiator) Complete(now time.Time, r *FirstResponse, from netip.AddrPort) (*Session, error) {
	asked := i.datagram
	if r.ID != binary.BigEndian.Uint64(asked[requestID:]) || r.Type != asked[requestType] {
		return nil, ErrUnexpected
	}
	if !i.to.IsZero() && r.From != i.to {
		return nil, ErrUnexpected
	}
	d := r.datagram
	h := hashRequest(asked)
	if !identity.Verify(r.From, signedResponse(&i.endpoint.network, h.Sum(nil), d), d[len(d)-signatureSize:]) {
		return nil, ErrSignature
	}
	h.Write(d)
	keys, err := deriveKeys(i.private, d[responseEphemeral:responseSession], h.Sum(nil))
	if err != nil {
		return nil, err
	}
	return &Session{
		seal:      keys[0],
		open:      keys[1],
		peer:      r.From,
		receiveID: i.receiveID,
		sendID:    binary.BigEndian.Uint64(d[responseSession:]),
		address:   from,
		made:      now.UnixNano(),
		initiated: true,
	}, nil
}
