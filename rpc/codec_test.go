package rpc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// Encoding and decoding give the message back, and Size is its encoded size.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sender, receiver identity.Contacts
		var codec Codec
		want := anyMessage(&sender).Draw(t, "message")
		prefix := []byte("header")
		out, err := codec.Append(prefix, &want, &sender)
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		body, ok := bytes.CutPrefix(out, prefix)
		if !ok {
			t.Fatalf("Append changed what was there: %x", out)
		}
		if got := Size(&want, &sender); got != len(body) {
			t.Errorf("Size = %d, the body has %d bytes", got, len(body))
		}
		got := header(&want)
		wire := bytes.Clone(body)
		if err := codec.Decode(wire, &got, &receiver); err != nil {
			t.Fatalf("Decode: %v", err)
		}
		clear(wire) // the caller's to reuse
		if a, b := plain(&want, &sender), plain(&got, &receiver); !reflect.DeepEqual(a, b) {
			t.Errorf("sent %+v\n got %+v", a, b)
		}
	})
}

// plainMessage is a message that can be compared: contacts by their addresses,
// empty slices as none.
type plainMessage struct {
	Message
	Contacts []identity.Address
}

func plain(m *Message, book identity.Book) plainMessage {
	p := plainMessage{Message: *m}
	for _, c := range m.Contacts {
		p.Contacts = append(p.Contacts, book.Address(c))
	}
	p.Message.Contacts = nil
	p.Known = append([]uint16(nil), m.Known...)
	p.Message.Failed = append([]uint16(nil), m.Failed...)
	p.Settled = append([]uint64(nil), m.Settled...)
	p.Protocols = append([]string(nil), m.Protocols...)
	p.ProvidersAfter = bare(m.ProvidersAfter)
	p.Key = bare(m.Key)
	p.Payload = bare(m.Payload)
	p.Providers = append([]Provider(nil), m.Providers...)
	for i := range p.Providers {
		p.Providers[i].Description = bare(p.Providers[i].Description)
	}
	if m.Provider != nil {
		q := *m.Provider
		q.Description = bare(q.Description)
		p.Provider = &q
	}
	if m.Record != nil {
		r := *m.Record
		r.Value, r.Signature = bare(r.Value), bare(r.Signature)
		p.Record = &r
	}
	return p
}

func bare(b []byte) []byte { return append([]byte(nil), b...) }

// anyMessage makes messages that may be sent, of every type, both ways.
func anyMessage(book identity.Book) *rapid.Generator[Message] {
	return rapid.Custom(func(t *rapid.T) Message {
		m := Message{
			Type:     rapid.SampledFrom([]Type{Ping, FindNode, FindValue, Store, AddProvider, GetProviders, AppMessage}).Draw(t, "type"),
			Response: rapid.Bool().Draw(t, "response"),
			Serves:   rapid.Bool().Draw(t, "serves"),
			ID:       rapid.Uint64().Draw(t, "id"),
		}
		if m.Response {
			drawResponse(t, &m, book)
		} else {
			drawRequest(t, &m)
		}
		return m
	})
}

func drawRequest(t *rapid.T, m *Message) {
	switch m.Type {
	case Ping:
		m.DialBack = rapid.Bool().Draw(t, "dial back")
		m.WantProtocols = rapid.Bool().Draw(t, "protocols")
	case FindNode, FindValue, GetProviders:
		if m.Type == FindNode {
			m.Target = identity.Position(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "target"))
		} else {
			m.Key = anyKey().Draw(t, "key")
			m.Target = identity.KeyPosition(m.Key)
		}
		m.Families = rapid.SampledFrom([]Families{0, IPv4, IPv6, IPv4 | IPv6}).Draw(t, "families")
		m.Known = rapid.SliceOfN(rapid.Uint16(), 0, MaxTags).Draw(t, "known")
		m.Failed = rapid.SliceOfN(rapid.Uint16(), 0, MaxTags).Draw(t, "failed")
		if m.Type == GetProviders && rapid.Bool().Draw(t, "page") {
			m.ProvidersAfter = rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "after")
		}
	case Store:
		m.Record = anyRecord().Draw(t, "record")
		m.Target = identity.KeyPosition(m.Record.Key)
		if m.CAS = rapid.Bool().Draw(t, "cas"); m.CAS {
			m.CASSequence = rapid.Uint64().Draw(t, "cas sequence")
		}
		m.Copy = rapid.Bool().Draw(t, "copy")
		m.Settled = anySettled().Draw(t, "settled")
	case AddProvider:
		p := anyProvider().Draw(t, "provider")
		p.Key = anyKey().Draw(t, "key")
		m.Provider = &p
		m.Target = identity.KeyPosition(p.Key)
	case AppMessage:
		m.Settled = anySettled().Draw(t, "settled")
		if m.Poll = rapid.Bool().Draw(t, "poll"); m.Poll {
			return
		}
		m.Protocol = rapid.StringN(1, -1, MaxProtocol).Draw(t, "protocol")
		m.Payload = rapid.SliceOfN(rapid.Byte(), 0, MaxPayload).Draw(t, "payload")
	}
}

func drawResponse(t *rapid.T, m *Message, book identity.Book) {
	contacts, room := MaxContacts, MaxDatagram
	if rapid.Bool().Draw(t, "observed") {
		m.Observed = anyEndpoint().Draw(t, "endpoint")
	}
	switch m.Type {
	case Ping:
		m.Protocols = rapid.SliceOfN(rapid.StringN(1, -1, MaxProtocol), 0, MaxProtocols).Draw(t, "protocols")
		m.MoreProtocols = rapid.Bool().Draw(t, "more protocols")
		return
	case Store, AddProvider:
		m.Status = Status(rapid.Uint8().Draw(t, "status"))
		return
	case AppMessage:
		m.Status = Status(rapid.Uint8().Draw(t, "status"))
		m.Payload = rapid.SliceOfN(rapid.Byte(), 0, MaxPayload).Draw(t, "payload")
		return
	case FindValue:
		if rapid.Bool().Draw(t, "found") {
			m.Record = anyRecord().Draw(t, "record")
			m.Target = identity.KeyPosition(m.Record.Key)
		}
	case GetProviders:
		m.Providers = rapid.SliceOfN(anyProvider(), 0, 3).Draw(t, "providers")
		m.MoreProviders = rapid.Bool().Draw(t, "more providers")
	}
	m.More = rapid.Bool().Draw(t, "more")
	room = ContactsRoom(room, m)
	for _, a := range rapid.SliceOfN(anyAddress(), 0, contacts).Draw(t, "contacts") {
		if room -= ContactSize(a.Endpoint); room >= 0 {
			m.Contacts = append(m.Contacts, book.Intern(a))
		}
	}
}

func anyKey() *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 1, MaxKey) }

func anySettled() *rapid.Generator[[]uint64] {
	return rapid.SliceOfN(rapid.Uint64(), 0, MaxSettled)
}

func anyRecord() *rapid.Generator[*Record] {
	return rapid.Custom(func(t *rapid.T) *Record {
		r := &Record{Key: anyKey().Draw(t, "key"), Sequence: rapid.Uint64().Draw(t, "sequence"), TTL: anyTTL().Draw(t, "ttl")}
		if rapid.Bool().Draw(t, "signed") {
			r.Publisher = anyID().Draw(t, "publisher")
			r.Signature = rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "signature")
		}
		room := MaxRecord - RecordSize(r) - 3 // the value's own tag and length
		r.Value = rapid.SliceOfN(rapid.Byte(), 0, room).Draw(t, "value")
		return r
	})
}

func anyProvider() *rapid.Generator[Provider] {
	return rapid.Custom(func(t *rapid.T) Provider {
		return Provider{
			Peer:      anyAddress().Draw(t, "peer"),
			Sequence:  rapid.Uint64().Draw(t, "sequence"),
			TTL:       anyTTL().Draw(t, "ttl"),
			Signature: rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "signature"),

			Lifetime:    rapid.Uint32().Draw(t, "lifetime"),
			Description: rapid.SliceOfN(rapid.Byte(), 0, MaxDescription).Draw(t, "description"),
			Withdrawn:   rapid.Bool().Draw(t, "withdrawn"),
		}
	})
}

func anyTTL() *rapid.Generator[time.Duration] {
	return rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, maxTTL.Milliseconds()).Draw(t, "ms")) * time.Millisecond
	})
}

func anyID() *rapid.Generator[identity.ID] {
	return rapid.Custom(func(t *rapid.T) identity.ID {
		id := identity.ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id"))
		id[0] |= 1 // the zero ID is no ID
		return id
	})
}

func anyAddress() *rapid.Generator[identity.Address] {
	return rapid.Custom(func(t *rapid.T) identity.Address {
		return identity.Address{ID: anyID().Draw(t, "id"), Endpoint: anyEndpoint().Draw(t, "endpoint")}
	})
}

func anyEndpoint() *rapid.Generator[netip.AddrPort] {
	return rapid.Custom(func(t *rapid.T) netip.AddrPort {
		port := rapid.Uint16Range(1, 65535).Draw(t, "port")
		if rapid.Bool().Draw(t, "IPv6") {
			ip := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip"))
			ip[0] = 0x20 // global unicast, RFC 4291
			return netip.AddrPortFrom(netip.AddrFrom16(ip), port)
		}
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], rapid.Uint32Range(1, 0xdfffffff).Draw(t, "ip")) // below 224/4
		return netip.AddrPortFrom(netip.AddrFrom4(ip), port)
	})
}
