package rpc

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc/pb"
)

// maxTTL bounds a lifetime that is sent or received. It is far more than any store
// grants, and far less than what overflows a time.Time.
const maxTTL = 365 * 24 * time.Hour

const (
	signatureSize  = 64                 // Ed25519, RFC 8032
	cursorSize     = len(identity.ID{}) // of Message.ProvidersAfter
	coordinateSize = 6                  // of a contact, in an answer under a session
)

func millis(ttl time.Duration) uint64 {
	return uint64(min(max(ttl, 0), maxTTL).Milliseconds())
}

// observed packs where the request came from, nil if that is not said.
func (c *Codec) observed(m *Message) []byte {
	if !m.Observed.IsValid() {
		return nil
	}
	start := len(c.packed)
	c.packed = appendEndpoint(c.packed, m.Observed)
	return c.packed[start:]
}

func (c *Codec) encodePingResponse(b *pb.PingResponse, m *Message) error {
	if len(m.Protocols) > MaxProtocols {
		return errListed
	}
	for _, name := range m.Protocols {
		if err := checkProtocol(name); err != nil {
			return err
		}
	}
	b.Observed, b.Protocols, b.MoreProtocols = c.observed(m), m.Protocols, m.MoreProtocols
	return nil
}

func (c *Codec) encodeQuery(b *pb.Query, m *Message) error {
	if len(m.Known) > MaxTags || len(m.Failed) > MaxTags {
		return errManyTags
	}
	if m.Type == FindNode {
		b.Target = m.Target[:]
	} else if err := checkKey(m.Key); err != nil {
		return err
	} else {
		b.Key = m.Key
	}
	if m.Type == GetProviders {
		if n := len(m.ProvidersAfter); n != 0 && n != cursorSize {
			return errCursor
		}
		b.ProvidersAfter = m.ProvidersAfter
	}
	b.Families = uint32(m.Families)
	c.packed = appendTags(c.packed, m.Known)
	known := len(c.packed)
	c.packed = appendTags(c.packed, m.Failed)
	b.Known, b.Failed = c.packed[:known], c.packed[known:]
	return nil
}

func (c *Codec) encodeAnswer(b *pb.Answer, m *Message, book identity.Book) (err error) {
	if len(m.Contacts) > MaxContacts {
		return errMany
	}
	if c.packed, err = appendContacts(c.packed, m.Contacts, book); err != nil {
		return err
	}
	b.Contacts, b.More = c.packed, m.More
	b.Observed = c.observed(m)
	if m.Type == FindValue && m.Record != nil {
		b.TtlMs = millis(m.Record.TTL)
		b.Record, err = c.encodeRecord(m.Record)
	}
	if m.Type == GetProviders {
		b.MoreProviders = m.MoreProviders
		b.Providers, err = c.encodeProviders(m.Providers)
	}
	return err
}

func (c *Codec) encodeStore(b *pb.StoreRequest, m *Message) (err error) {
	if m.Record == nil {
		return errNoRecord
	}
	if len(m.Settled) > MaxSettled {
		return errManyIDs
	}
	b.TtlMs, b.Copy = millis(m.Record.TTL), m.Copy
	if m.CAS {
		b.CasSequence = &m.CASSequence
	}
	c.packed = appendIDs(c.packed, m.Settled)
	b.Settled = c.packed
	b.Record, err = c.encodeRecord(m.Record)
	return err
}

func (c *Codec) encodeRecord(r *Record) (*pb.Record, error) {
	if err := checkKey(r.Key); err != nil {
		return nil, err
	}
	if RecordSize(r) > MaxRecord {
		return nil, errRecord
	}
	if len(r.Signature) != 0 && len(r.Signature) != signatureSize {
		return nil, errSignature
	}
	b := &c.record
	b.Key, b.Value, b.Sequence, b.Signature, b.Publisher = r.Key, r.Value, r.Sequence, r.Signature, nil
	if !r.Publisher.IsZero() {
		b.Publisher = r.Publisher[:]
	}
	return b, nil
}

func (c *Codec) encodeAddProvider(b *pb.AddProviderRequest, m *Message) error {
	if m.Provider == nil {
		return errNoEntry
	}
	if err := checkKey(m.Provider.Key); err != nil {
		return err
	}
	b.Key = m.Provider.Key
	entry, err := c.encodeProvider(m.Provider)
	b.Provider = entry
	return err
}

func (c *Codec) encodeProviders(providers []Provider) ([]*pb.Provider, error) {
	for i := range providers {
		if _, err := c.encodeProvider(&providers[i]); err != nil {
			return nil, err
		}
	}
	return c.providers, nil
}

// encodeProvider makes the next of c.providers.
func (c *Codec) encodeProvider(p *Provider) (*pb.Provider, error) {
	if !Contactable(p.Peer) {
		return nil, errNoContact
	}
	if len(p.Signature) != signatureSize {
		return nil, errSignature
	}
	if len(p.Description) > MaxDescription {
		return nil, errAbout
	}
	b := c.nextProvider()
	start := len(c.packed)
	c.packed = AppendContact(c.packed, p.Peer)
	b.Contact, b.Sequence, b.TtlMs, b.Signature = c.packed[start:], p.Sequence, millis(p.TTL), p.Signature
	b.Lifetime, b.Description, b.Withdrawn = p.Lifetime, p.Description, p.Withdrawn
	return b, nil
}

// nextProvider adds an empty entry to c.providers, and reuses an old one if possible.
func (c *Codec) nextProvider() *pb.Provider {
	n := len(c.providers)
	if n < cap(c.providers) {
		c.providers = c.providers[:n+1]
	} else {
		c.providers = append(c.providers, nil)
	}
	if c.providers[n] == nil {
		c.providers[n] = new(pb.Provider)
	}
	return c.providers[n]
}

func (c *Codec) encodeAppMessage(b *pb.MessageRequest, m *Message) error {
	if len(m.Settled) > MaxSettled {
		return errManyIDs
	}
	c.packed = appendIDs(c.packed, m.Settled)
	b.Settled, b.Poll = c.packed, m.Poll
	if m.Poll {
		return nil
	}
	if err := checkAppMessage(m.Protocol, m.Payload); err != nil {
		return err
	}
	b.Protocol, b.Payload = m.Protocol, m.Payload
	return nil
}

func (c *Codec) encodeOutcome(b *pb.Outcome, m *Message) error {
	b.Status, b.Observed = pb.Status(m.Status), c.observed(m)
	if m.Type == AppMessage {
		if len(m.Payload) > MaxPayload {
			return errPayload
		}
		b.Payload = m.Payload
	}
	return nil
}

func checkKey(key []byte) error {
	if len(key) == 0 {
		return errNoKey
	}
	if len(key) > MaxKey {
		return errKeySize
	}
	return nil
}

func checkProtocol(name string) error {
	if name == "" {
		return errProtocol
	}
	if len(name) > MaxProtocol {
		return errNames
	}
	return nil
}

func checkAppMessage(protocol string, payload []byte) error {
	if err := checkProtocol(protocol); err != nil {
		return err
	}
	if len(payload) > MaxPayload {
		return errPayload
	}
	return nil
}
