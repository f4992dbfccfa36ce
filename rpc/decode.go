package rpc

import (
	"math"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc/pb"
)

func duration(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(maxTTL.Milliseconds()))) * time.Millisecond
}

// decodeObserved reads where the asker was seen, which must be the endpoint of one
// host. Saying nothing is allowed.
func decodeObserved(b []byte) (netip.AddrPort, error) {
	if len(b) == 0 {
		return netip.AddrPort{}, nil
	}
	endpoint, rest, ok := cutEndpoint(b)
	if ip := endpoint.Addr(); !ok || len(rest) != 0 || endpoint.Port() == 0 || ip.IsUnspecified() || ip.IsMulticast() {
		return netip.AddrPort{}, errObserved
	}
	return endpoint, nil
}

func decodePingResponse(m *Message, b *pb.PingResponse) (err error) {
	for _, name := range b.Protocols[:min(len(b.Protocols), MaxProtocols)] {
		if err := checkProtocol(name); err != nil {
			return err
		}
		m.Protocols = append(m.Protocols, name)
	}
	m.MoreProtocols = b.MoreProtocols || len(b.Protocols) > MaxProtocols
	m.Observed, err = decodeObserved(b.Observed)
	return err
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
	if m.Type == GetProviders {
		if n := len(b.ProvidersAfter); n != 0 && n != cursorSize {
			return errCursor
		}
		m.ProvidersAfter = b.ProvidersAfter
	}
	m.Families = Families(b.Families) & (IPv4 | IPv6)
	if m.Known, err = parseTags(m.Known, b.Known); err != nil {
		return err
	}
	m.Failed, err = parseTags(m.Failed, b.Failed)
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
			if Contactable(p.Peer) {
				m.Providers = append(m.Providers, p)
			}
		}
		m.MoreProviders = b.MoreProviders
	}
	m.More = b.More
	if m.Observed, err = decodeObserved(b.Observed); err != nil {
		return err
	}
	named, ok := countContacts(b.Contacts)
	if !ok {
		return errContacts
	}
	if n := len(b.Coordinates); n != 0 && n != named*coordinateSize {
		return errCoords
	}
	m.Contacts = parseContacts(m.Contacts, b.Contacts, book)
	return nil
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
	m.Copy = b.Copy
	m.Settled, err = parseIDs(m.Settled, b.Settled)
	return err
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
	return Provider{
		Peer: peer, Sequence: b.Sequence, TTL: duration(b.TtlMs), Signature: b.Signature,
		Lifetime: b.Lifetime, Description: b.Description, Withdrawn: b.Withdrawn,
	}, nil
}

func decodeAppMessage(m *Message, b *pb.MessageRequest) (err error) {
	if m.Settled, err = parseIDs(m.Settled, b.Settled); err != nil {
		return err
	}
	if m.Poll = b.Poll; m.Poll {
		return nil
	}
	m.Protocol, m.Payload = b.Protocol, b.Payload
	return checkAppMessage(m.Protocol, m.Payload)
}

func decodeOutcome(m *Message, b *pb.Outcome) (err error) {
	// A status of a later version becomes none of the known ones.
	m.Status = Status(min(uint32(b.Status), math.MaxUint8))
	if m.Type == AppMessage {
		if len(b.Payload) > MaxPayload {
			return errPayload
		}
		m.Payload = b.Payload
	}
	m.Observed, err = decodeObserved(b.Observed)
	return err
}
