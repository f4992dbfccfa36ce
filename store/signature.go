package store

import (
	"encoding/binary"
	"fmt"

	"kadmium/identity"
	"kadmium/rpc"
)

// What signatures cover (wire.md, section 8; wire.md rule 2), integers big-endian,
// lengths in two bytes:
//
//	record    "kadmium record v1"   | len | network | len | key | sequence 8 | value
//	provider  "kadmium provider v2" | len | network | len | key | sequence 8 | lifetime 4 | flags 1 | len | description | contact 39 or 51
//
// The domain strings prevent one kind of signature from being used as another, and
// the network's name separates networks. What remains of a lifetime is not covered, as
// peers other than the publisher send it on; a provider's whole lifetime is.
const (
	recordDomain   = "kadmium record v1"
	providerDomain = "kadmium provider v2"
)

// withdrawnFlag is the bit of the flags that a provider's signature covers.
const withdrawnFlag = 1

func signedText(domain, network string, key []byte, sequence uint64) []byte {
	b := make([]byte, 0, len(domain)+2+len(network)+2+len(key)+8+rpc.MaxRecord)
	b = append(b, domain...)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(network))), network...)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(key))), key...)
	return binary.BigEndian.AppendUint64(b, sequence)
}

// SignRecord makes the key's peer the record's publisher and signs it for the
// network. Any record can be signed, but only those under /sig/<that peer>/ are then
// valid.
func SignRecord(key identity.Key, network string, r *rpc.Record) {
	signature := key.Sign(append(signedText(recordDomain, network, r.Key, r.Sequence), r.Value...))
	r.Publisher, r.Signature = key.ID(), signature[:]
}

func (n *Namespaces) verifyRecord(r *rpc.Record) error {
	publisher, ok := n.Publisher(r.Key)
	if !ok || r.Publisher != publisher {
		return fmt.Errorf("%w: the publisher is not the peer in the key", ErrBadSignature)
	}
	if !identity.Verify(publisher, append(signedText(recordDomain, n.network, r.Key, r.Sequence), r.Value...), r.Signature) {
		return fmt.Errorf("%w: not the publisher's, or made for another network", ErrBadSignature)
	}
	return nil
}

// SignProvider makes the key's peer the provider and signs the entry for the
// network. The endpoint must be set.
func SignProvider(key identity.Key, network string, p *rpc.Provider) {
	p.Peer.ID = key.ID()
	signature := key.Sign(signedProvider(network, p))
	p.Signature = signature[:]
}

// signedProvider is the text that a provider's signature covers.
func signedProvider(network string, p *rpc.Provider) []byte {
	b := signedText(providerDomain, network, p.Key, p.Sequence)
	b = append(binary.BigEndian.AppendUint32(b, p.Lifetime), providerFlags(p))
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(p.Description))), p.Description...)
	return rpc.AppendContact(b, p.Peer)
}

func providerFlags(p *rpc.Provider) byte {
	if p.Withdrawn {
		return withdrawnFlag
	}
	return 0
}

// VerifyProvider reports what is wrong with a provider entry, nil if nothing: an
// error of CheckProviderKey, ErrSequence, ErrTooLarge for the description, ErrInvalid for
// a lifetime or endpoint that no entry can have, or ErrBadSignature. It costs a
// signature check.
func (n *Namespaces) VerifyProvider(p *rpc.Provider) error {
	if err := CheckProviderKey(p.Key); err != nil {
		return err
	}
	if p.Sequence > MaxSequence {
		return ErrSequence
	}
	if n := len(p.Description); n > rpc.MaxDescription {
		return fmt.Errorf("%w: a description of %d bytes, at most %d", ErrTooLarge, n, rpc.MaxDescription)
	}
	if p.Lifetime == 0 || wholeLifetime(p) > ProviderTTL {
		return fmt.Errorf("%w: a lifetime of %d s, want 1 to %d", ErrInvalid, p.Lifetime, int(ProviderTTL.Seconds()))
	}
	if ip := p.Peer.Endpoint.Addr(); !rpc.Contactable(p.Peer) || ip.Zone() != "" || ip.Is4In6() {
		return fmt.Errorf("%w: the provider's address %v is none of a peer", ErrInvalid, p.Peer.Endpoint)
	}
	if !identity.Verify(p.Peer.ID, signedProvider(n.network, p), p.Signature) {
		return fmt.Errorf("%w: not the provider's, or made for another network", ErrBadSignature)
	}
	return nil
}
