package session

import (
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"kadmium/identity"
)

// Errors of a first contact.
var (
	ErrSignature   = errors.New("wrong signature")
	ErrKeyExchange = errors.New("unusable ephemeral key")
	ErrTooLarge    = errors.New("body too large")
	ErrUnexpected  = errors.New("not an answer to this request")
)

// Domain strings: what a signature is for, so that none can stand for another.
const (
	requestDomain  = "kadmium first request\x00"
	responseDomain = "kadmium first response\x00"
	keysInfo       = "kadmium session keys\x00"
)

// An Endpoint makes the first contacts of one node: it has the node's key, network and
// source of randomness. It keeps no state and is safe for concurrent use if random is.
type Endpoint struct {
	key     identity.Key
	id      identity.ID
	network Network
	mayOpen MayOpen
	random  io.Reader
}

// MayOpen reports whether an RPC may be a first contact: one that changes nothing at
// its receiver may (wire.md rule 1), and fewer if the receiver's ID is not known
// (wire.md rule 2).
type MayOpen func(rpc uint8, receiverKnown bool) bool

// NewEndpoint makes the endpoint of a key in a network, which begins first contacts
// and accepts them by what mayOpen says. Ephemeral keys, session IDs and nonces are
// read from random.
func NewEndpoint(key identity.Key, n Network, mayOpen MayOpen, random io.Reader) *Endpoint {
	return &Endpoint{key: key, id: key.ID(), network: n, mayOpen: mayOpen, random: random}
}

// ID is the peer the endpoint speaks for.
func (e *Endpoint) ID() identity.ID { return e.id }

// Network is the endpoint's network.
func (e *Endpoint) Network() *Network { return &e.network }

// signedRequest is the text a first request's signature covers: the domain, the
// network's name, and the bytes of the datagram without cookie and signature.
func signedRequest(n *Network, datagram []byte) []byte {
	text := make([]byte, 0, len(requestDomain)+1+len(n.name)+len(datagram))
	text = appendDomain(text, requestDomain, n)
	text = append(text, datagram[:requestCookie]...)
	return append(text, datagram[requestCookieEnd:len(datagram)-signatureSize]...)
}

// signedResponse is the text a first response's signature covers: the domain, the
// network's name, the hash of the request it answers, and the bytes of the datagram
// without the signature.
func signedResponse(n *Network, requestHash []byte, datagram []byte) []byte {
	text := make([]byte, 0, len(responseDomain)+1+len(n.name)+len(requestHash)+len(datagram))
	text = appendDomain(text, responseDomain, n)
	text = append(text, requestHash...)
	return append(text, datagram[:len(datagram)-signatureSize]...)
}

func appendDomain(dst []byte, domain string, n *Network) []byte {
	dst = append(dst, domain...)
	dst = append(dst, byte(len(n.name)))
	return append(dst, n.name...)
}

// ephemeral makes a fresh X25519 key pair. NewPrivateKey, unlike GenerateKey,
// takes the injected randomness as it is.
func (e *Endpoint) ephemeral() (*ecdh.PrivateKey, error) {
	var secret [32]byte
	if _, err := io.ReadFull(e.random, secret[:]); err != nil {
		return nil, fmt.Errorf("making an ephemeral key: %w", err)
	}
	return ecdh.X25519().NewPrivateKey(secret[:])
}

// directions are the ciphers of a session: initiator to responder, and back.
type directions [2]cipher.AEAD

// deriveKeys turns both ephemeral keys and the hash of both datagrams into the
// ciphers (wire.md rule 3). An all-zero shared secret (RFC 7748, section 6.1) is
// refused.
func deriveKeys(own *ecdh.PrivateKey, other, salt []byte) (d directions, err error) {
	public, err := ecdh.X25519().NewPublicKey(other)
	if err != nil {
		return d, ErrKeyExchange
	}
	shared, err := own.ECDH(public)
	if err != nil {
		return d, ErrKeyExchange
	}
	keys, err := expandKeys(shared, salt)
	if err != nil {
		return d, fmt.Errorf("deriving session keys: %w", err)
	}
	for i := range d {
		d[i], err = chacha20poly1305.New(keys[i*chacha20poly1305.KeySize:][:chacha20poly1305.KeySize])
		if err != nil {
			return d, fmt.Errorf("deriving session keys: %w", err)
		}
	}
	return d, nil
}

// expandKeys is HKDF-SHA256 (RFC 5869): the key from initiator to responder, then
// the one back.
func expandKeys(shared, salt []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, shared, salt, keysInfo, 2*chacha20poly1305.KeySize)
}
