package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"

	"kadmium/identity"
)

// Sizes are computed without encoding, so that an answer can be made to fit its
// datagram and the simulator can count bytes. They follow pb/kad.proto, in which the
// tag of each field has one byte.

// Size is the size of the message's body in bytes: what Codec.Append appends.
func Size(m *Message, book identity.Book) int {
	packed := 0
	for _, c := range m.Contacts {
		packed += ContactSize(book.Address(c).Endpoint)
	}
	return sizeOfRest(m) + bytesField(packed)
}

// ContactsRoom is the number of bytes left for packed contacts (ContactSize each) if
// the answer's body may have room bytes; negative if the answer is larger than that
// without any. The flag More is counted, contacts that m already has are not.
func ContactsRoom(room int, m *Message) int {
	left := room - sizeOfRest(m)
	if !m.More {
		left -= flagField(true)
	}
	if left <= 0 {
		return left
	}
	return max(0, left-1-protowire.SizeVarint(uint64(left)))
}

// RecordSize is the size of the encoded record in bytes, at most MaxRecord. It does
// not depend on the remaining lifetime, which is sent beside the record.
func RecordSize(r *Record) int {
	n := bytesField(len(r.Key)) + bytesField(len(r.Value)) + varintField(r.Sequence) + bytesField(len(r.Signature))
	if !r.Publisher.IsZero() {
		n += bytesField(len(r.Publisher))
	}
	return n
}

// providerSize is what the provider entry adds to the size of a GET_PROVIDERS answer,
// in bytes; its key is not sent there.
func providerSize(p *Provider) int {
	return message(bytesField(ContactSize(p.Peer.Endpoint)) + varintField(p.Sequence) +
		varintField(millis(p.TTL)) + bytesField(len(p.Signature)) +
		varintField(uint64(p.Lifetime)) + bytesField(len(p.Description)) + flagField(p.Withdrawn))
}

// sizeOfRest is the size of everything except the contacts.
func sizeOfRest(m *Message) int {
	if m.Response {
		return sizeOfResponse(m)
	}
	switch m.Type {
	case Ping:
		return flagField(m.DialBack) + flagField(m.WantProtocols)
	case FindNode:
		return bytesField(len(m.Target)) + sizeOfQueryFields(m)
	case FindValue:
		return bytesField(len(m.Key)) + sizeOfQueryFields(m)
	case GetProviders:
		return bytesField(len(m.Key)) + sizeOfQueryFields(m) + bytesField(len(m.ProvidersAfter))
	case Store:
		if m.Record == nil {
			return 0
		}
		n := message(RecordSize(m.Record)) + varintField(millis(m.Record.TTL)) + bytesField(8*len(m.Settled)) + flagField(m.Copy)
		if m.CAS {
			n += 1 + protowire.SizeVarint(m.CASSequence)
		}
		return n
	case AddProvider:
		if m.Provider == nil {
			return 0
		}
		return bytesField(len(m.Provider.Key)) + providerSize(m.Provider)
	case AppMessage:
		if m.Poll {
			return flagField(true) + bytesField(8*len(m.Settled))
		}
		return bytesField(len(m.Protocol)) + bytesField(len(m.Payload)) + bytesField(8*len(m.Settled))
	}
	return 0
}

func sizeOfResponse(m *Message) int {
	n := observedSize(m)
	switch m.Type {
	case Ping:
		for _, name := range m.Protocols {
			n += bytesField(len(name))
		}
		return n + flagField(m.MoreProtocols)
	case FindNode:
		return n + flagField(m.More)
	case FindValue:
		n += flagField(m.More)
		if m.Record != nil {
			n += message(RecordSize(m.Record)) + varintField(millis(m.Record.TTL))
		}
		return n
	case GetProviders:
		n += flagField(m.More) + flagField(m.MoreProviders)
		for i := range m.Providers {
			n += providerSize(&m.Providers[i])
		}
		return n
	case AppMessage:
		return n + varintField(uint64(m.Status)) + bytesField(len(m.Payload))
	case Store, AddProvider:
		return n + varintField(uint64(m.Status))
	}
	return 0
}

// observedSize is the size of the field that says where the request came from.
func observedSize(m *Message) int {
	if !m.Observed.IsValid() {
		return 0
	}
	return bytesField(ContactSize(m.Observed) - len(identity.ID{}))
}

func sizeOfQueryFields(m *Message) int {
	return varintField(uint64(m.Families)) + bytesField(2*len(m.Known)) + bytesField(2*len(m.Failed))
}

// Fields of proto3: those with the zero value are not sent.

func bytesField(n int) int {
	if n == 0 {
		return 0
	}
	return message(n)
}

func varintField(v uint64) int {
	if v == 0 {
		return 0
	}
	return 1 + protowire.SizeVarint(v)
}

func flagField(set bool) int {
	if !set {
		return 0
	}
	return 2
}

// message is the size of an embedded message of n bytes, which is sent even if it is
// empty.
func message(n int) int { return 1 + protowire.SizeBytes(n) }
