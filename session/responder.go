package session

import (
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"net/netip"
	"time"

	"kadmium/identity"
)

// A Responder is one verified first request that waits for its answer. It keeps
// nothing of the datagram's memory.
type Responder struct {
	endpoint    *Endpoint
	from        identity.ID
	source      netip.AddrPort
	rpc         uint8
	id          uint64
	sendID      uint64
	receiveID   uint64
	ephemeral   [32]byte
	requestSize int
	hash        hash.Hash // of the request
	key         RequestKey
}

// Verify checks the signature of a parsed first request that came from source. It
// costs a signature check. Its errors are ErrSignature and the random reader's.
func (e *Endpoint) Verify(r *FirstRequest, source netip.AddrPort) (*Responder, error) {
	d := r.datagram
	if !identity.Verify(r.From, signedRequest(&e.network, d), d[len(d)-signatureSize:]) {
		return nil, ErrSignature
	}
	var session [8]byte
	if _, err := io.ReadFull(e.random, session[:]); err != nil {
		return nil, fmt.Errorf("choosing a session ID: %w", err)
	}
	h := hashRequest(d)
	return &Responder{
		endpoint:    e,
		from:        r.From,
		source:      source,
		rpc:         r.Type,
		id:          r.ID,
		sendID:      binary.BigEndian.Uint64(d[requestSession:]),
		receiveID:   binary.BigEndian.Uint64(session[:]),
		ephemeral:   [32]byte(d[requestEphemeral:]),
		requestSize: len(d),
		hash:        h,
		key:         RequestKey{source, [16]byte(h.Sum(nil))},
	}, nil
}

// Room is how many bytes the body of the answer may have.
func (r *Responder) Room() int { return FirstResponseRoom(r.requestSize) }

// Answer makes the signed response and the session, which the initiator has yet
// to prove that it holds: see Table.AddAnswered. It may be called once. It costs
// two X25519 and a signature. Its errors are ErrTooLarge, ErrKeyExchange and the
// random reader's; there is then nothing to send.
func (r *Responder) Answer(now time.Time, flags uint8, body []byte) ([]byte, *Session, error) {
	if len(body) > r.Room() {
		return nil, nil, ErrTooLarge
	}
	e := r.endpoint
	private, err := e.ephemeral()
	if err != nil {
		return nil, nil, err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(e.random, nonce[:]); err != nil {
		return nil, nil, fmt.Errorf("choosing a nonce: %w", err)
	}
	size := FirstResponseOverhead + len(body)
	d := make([]byte, 0, size)
	d = append(d, Version, byte(KindFirstResponse))
	d = append(d, e.network.tag[:]...)
	d = append(d, flags, r.rpc)
	d = binary.BigEndian.AppendUint64(d, r.id)
	d = append(d, e.id[:]...)
	d = append(d, private.PublicKey().Bytes()...)
	d = binary.BigEndian.AppendUint64(d, r.receiveID)
	d = append(d, nonce[:]...)
	d = appendObserved(d, r.source)
	d = binary.BigEndian.AppendUint16(d, uint16(len(body)))
	d = append(d, body...)
	d = d[:size]
	signature := e.key.Sign(signedResponse(&e.network, r.hash.Sum(nil), d))
	copy(d[size-signatureSize:], signature[:])

	r.hash.Write(d)
	keys, err := deriveKeys(private, r.ephemeral[:], r.hash.Sum(nil))
	if err != nil {
		return nil, nil, err
	}
	return d, &Session{
		seal:      keys[1],
		open:      keys[0],
		peer:      r.from,
		receiveID: r.receiveID,
		sendID:    r.sendID,
		address:   r.source,
		made:      now.UnixNano(),
	}, nil
}
