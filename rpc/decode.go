package rpc

import (
	"math"
	"time"

	"kadmium/identity"
	"kadmium/rpc/pb"
)

func duration(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(maxTTL.Milliseconds()))) * time.Millisecond
}

func decodePingResponse(m *Message, b *pb.PingResponse) error {
	if len(b.Observed) == 0 {
		return nil
	}
	endpoint, rest, ok := cutEndpoint(b.Observed)
	if !ok || len(rest) != 0 {
		return errObserved
	}
	m.Observed = endpoint
	return nil
}

func decodeQuery(m *Message, b *pb.Query) (err error) {
	if m.Type == FindNode {
		if len(b.Target) != len(m.Target) {
			return errTarget
		}
		m.Target = identity.Position(b.Target)
	} else {
		if err := checkKey(b.Key); err != nil {
			return err
		}
		m.Key = b.Key
		m.Target = identity.KeyPosition(m.Key)
	}
	m.Families = Families(b.Families) & (IPv4 | IPv6)
	m.Known, err = parseTags(m.Known, b.Known)
	return err
}

func decodeAnswer(m *Message, b *pb.Answer, book identity.Book) (err error) {
	if m.Type == FindValue && b.Record != nil {
		if m.Record, err = decodeRecord(b.Record, b.TtlMs); err != nil {
			return err
		}
		m.Target = identity.KeyPosition(m.Record.Key)
	}
	if m.Type == GetProviders {
		for _, entry := range b.Providers {
			p, err := decodeProvider(entry)
			if err != nil {
				return err
			}
			if contactable(p.Peer) {
				m.Providers = append(m.Providers, p)
			}
		}
	}
	m.More = b.More
	m.Contacts, err = parseContacts(m.Contacts, b.Contacts, book)
	return err
}

func decodeStore(m *Message, b *pb.StoreRequest) (err error) {
	if b.Record == nil {
		return errNoRecord
	}
	if m.Record, err = decodeRecord(b.Record, b.TtlMs); err != nil {
		return err
	}
	m.Target = identity.KeyPosition(m.Record.Key)
	if b.CasSequence != nil {
		m.CAS, m.CASSequence = true, *b.CasSequence
	}
	return nil
}

func decodeRecord(b *pb.Record, ttl uint64) (*Record, error) {
	r := &Record{
		Key:       b.Key,
		Value:     b.Value,
		Sequence:  b.Sequence,
		Signature: b.Signature,
		TTL:       duration(ttl),
	}
	if len(b.Publisher) != 0 {
		if len(b.Publisher) != len(r.Publisher) {
			return nil, errPublisher
		}
		r.Publisher = identity.ID(b.Publisher)
	}
	if len(b.Signature) != 0 && len(b.Signature) != signatureSize {
		return nil, errSignature
	}
	return r, nil
}

func decodeAddProvider(m *Message, b *pb.AddProviderRequest) error {
	if b.Provider == nil {
		return errNoEntry
	}
	p, err := decodeProvider(b.Provider)
	if err != nil {
		return err
	}
	if !contactable(p.Peer) {
		return errNoContact
	}
	p.Key = b.Key
	m.Provider = &p
	m.Target = identity.KeyPosition(p.Key)
	return nil
}

func decodeProvider(b *pb.Provider) (Provider, error) {
	peer, rest, ok := cutContact(b.Contact)
	if !ok || len(rest) != 0 {
		return Provider{}, errContacts
	}
	if len(b.Signature) != signatureSize {
		return Provider{}, errSignature
	}
	return Provider{Peer: peer, Sequence: b.Sequence, TTL: duration(b.TtlMs), Signature: b.Signature}, nil
}

func decodeAppMessage(m *Message, b *pb.MessageRequest) error {
	m.Protocol, m.Payload = b.Protocol, b.Payload
	return checkAppMessage(m.Protocol, m.Payload)
}

func decodeOutcome(m *Message, b *pb.Outcome) error {
	// A status of a later version becomes none of the known ones.
	m.Status = Status(min(uint32(b.Status), math.MaxUint8))
	if m.Type == AppMessage {
		if len(b.Payload) > MaxPayload {
			return errPayload
		}
		m.Payload = b.Payload
	}
	return nil
}
