package rpc

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"kadmium/identity"
)

// address6 is the i-th of some IPv6 addresses, whose contacts are the larger.
func address6(i int) identity.Address {
	ip := netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)})
	return identity.Address{ID: identity.ID{byte(i), 1}, Endpoint: netip.AddrPortFrom(ip, 1)}
}

func TestRefusedToSend(t *testing.T) {
	var book identity.Contacts
	good := book.Intern(address6(1))
	bad := book.Intern(identity.Address{Endpoint: address6(2).Endpoint})
	key, long, signature := []byte("k"), make([]byte, MaxKey+1), make([]byte, 64)
	many := make([]identity.Contact, MaxContacts+1)
	for i := range many {
		many[i] = good
	}
	for _, c := range []struct {
		name    string
		message Message
		want    error
	}{
		{"an unknown type", Message{Type: 99}, errType},
		{"no key", Message{Type: FindValue}, errNoKey},
		{"a long key", Message{Type: GetProviders, Key: long}, errKeySize},
		{"many tags", Message{Type: FindNode, Known: make([]uint16, MaxTags+1)}, errManyTags},
		{"many contacts", Message{Type: FindNode, Response: true, Contacts: many}, errMany},
		{"a contact without a key", Message{Type: FindNode, Response: true, Contacts: []identity.Contact{good, bad}}, errNoContact},
		{"no record", Message{Type: Store}, errNoRecord},
		{"a record without a key", Message{Type: Store, Record: &Record{}}, errNoKey},
		{"a record with a long key", Message{Type: Store, Record: &Record{Key: long}}, errKeySize},
		{"a large record", Message{Type: FindValue, Response: true, Record: &Record{Key: key, Value: make([]byte, MaxRecord)}}, errRecord},
		{"a short signature", Message{Type: Store, Record: &Record{Key: key, Signature: signature[1:]}}, errSignature},
		{"no entry", Message{Type: AddProvider}, errNoEntry},
		{"an entry without a key", Message{Type: AddProvider, Provider: &Provider{Peer: address6(1), Signature: signature}}, errNoKey},
		{"an entry without an address", Message{Type: AddProvider, Provider: &Provider{Key: key, Signature: signature}}, errNoContact},
		{"an unsigned entry", Message{Type: GetProviders, Response: true, Providers: []Provider{{Peer: address6(1)}}}, errSignature},
		{"no protocol", Message{Type: AppMessage}, errProtocol},
		{"a protocol that is not UTF-8", Message{Type: AppMessage, Protocol: "\xff"}, errProtobuf},
		{"a long protocol", Message{Type: AppMessage, Protocol: string(make([]byte, MaxProtocol+1))}, errNames},
		{"a long payload", Message{Type: AppMessage, Protocol: "p", Payload: make([]byte, MaxPayload+1)}, errPayload},
		{"a long reply", Message{Type: AppMessage, Response: true, Payload: make([]byte, MaxPayload+1)}, errPayload},
		{"many failed tags", Message{Type: FindNode, Failed: make([]uint16, MaxTags+1)}, errManyTags},
		{"a short cursor", Message{Type: GetProviders, Key: key, ProvidersAfter: signature[:31]}, errCursor},
		{"many settled requests", Message{Type: AppMessage, Protocol: "p", Settled: make([]uint64, MaxSettled+1)}, errManyIDs},
		{"many settled requests of a swap", Message{Type: Store, Record: &Record{Key: key}, Settled: make([]uint64, MaxSettled+1)}, errManyIDs},
		{"many protocols", Message{Type: Ping, Response: true, Protocols: make([]string, MaxProtocols+1)}, errListed},
		{"a protocol without a name", Message{Type: Ping, Response: true, Protocols: make([]string, 1)}, errProtocol},
		{"a long description", Message{Type: AddProvider, Provider: &Provider{Key: key, Peer: address6(1), Signature: signature, Description: make([]byte, MaxDescription+1)}}, errAbout},
		{"more than a datagram", Message{Type: FindValue, Response: true, Contacts: many[1:], Record: &Record{Key: key, Value: make([]byte, 500)}}, errBody},
	} {
		out, err := new(Codec).Append([]byte("before"), &c.message, &book)
		if err != c.want || string(out) != "before" {
			t.Errorf("%s: %q, %v, want %v", c.name, out, err, c.want)
		}
	}
}

// The largest messages that the limits allow arrive complete: they fit the bodies of a
// first response (1,043 bytes) and of a session datagram (1,187).
func TestLargestMessages(t *testing.T) {
	const firstResponse, inSession = MaxDatagram - 125 - 64, MaxDatagram - 45
	var book identity.Contacts
	var contacts []identity.Contact
	for i := range MaxContacts {
		contacts = append(contacts, book.Intern(address6(i)))
	}
	key := bytes.Repeat([]byte("k"), MaxKey)
	record := &Record{
		Key: key, Sequence: 1<<63 - 1, TTL: maxTTL,
		Publisher: identity.ID{1}, Signature: bytes.Repeat([]byte{1}, 64),
	}
	record.Value = bytes.Repeat([]byte("v"), MaxRecord-RecordSize(record)-3)
	if RecordSize(record) != MaxRecord {
		t.Fatalf("the record has %d bytes", RecordSize(record))
	}
	provider := &Provider{
		Key: key, Peer: address6(1), Sequence: 1<<63 - 1, TTL: maxTTL, Signature: record.Signature,
		Lifetime: 1<<32 - 1, Description: make([]byte, MaxDescription), Withdrawn: true,
	}
	settled := make([]uint64, MaxSettled)
	observed := address6(1).Endpoint
	target := identity.KeyPosition(key)
	tags := make([]uint16, MaxTags)
	for _, c := range []struct {
		message Message
		room    int
	}{
		{Message{Type: FindNode, Response: true, Contacts: contacts, More: true}, firstResponse},
		{Message{Type: FindNode, Response: true, Observed: observed, Contacts: contacts, More: true}, inSession},
		{Message{Type: FindValue, Response: true, Target: target, Record: record, More: true}, firstResponse},
		{Message{Type: FindValue, Target: target, Key: key, Families: IPv4 | IPv6, Known: tags}, inSession},
		{Message{Type: Store, Target: target, Record: record, CAS: true, CASSequence: 1<<63 - 1, Settled: settled}, inSession},
		{Message{Type: AddProvider, Target: target, Provider: provider}, inSession},
		{Message{Type: AppMessage, Protocol: string(key[:MaxProtocol]), Payload: make([]byte, MaxPayload), Settled: settled}, inSession},
		{Message{Type: AppMessage, Response: true, Status: Failed, Observed: observed, Payload: make([]byte, MaxPayload)}, inSession},
	} {
		body := encoded(t, &c.message, &book)
		if len(body) > c.room {
			t.Errorf("%v: %d bytes, there is room for %d", c.message.Type, len(body), c.room)
		}
		got := header(&c.message)
		if err := new(Codec).Decode(body, &got, &book); err != nil {
			t.Errorf("%v: %v", c.message.Type, err)
		}
		if want := plain(&c.message, &book); !reflect.DeepEqual(plain(&got, &book), want) {
			t.Errorf("sent %+v\n got %+v", want, got)
		}
	}
}

// An answer that is filled to ContactsRoom fits, and hardly a byte is unused.
func TestContactsRoom(t *testing.T) {
	var book identity.Contacts
	var contacts []identity.Contact
	for i := range MaxContacts {
		contacts = append(contacts, book.Intern(address6(i)))
	}
	record := &Record{Key: []byte("k"), Value: make([]byte, 300), TTL: time.Hour}
	for _, m := range []Message{
		{Type: FindNode, Response: true},
		{Type: FindValue, Response: true, Record: record},
		{Type: GetProviders, Response: true, Providers: []Provider{{Peer: address6(1), Signature: make([]byte, 64)}}},
	} {
		for room := range 1200 {
			m.More = room%2 == 0 // counted either way
			left := ContactsRoom(room, &m)
			m.Contacts, m.More = nil, true
			if over := Size(&m, &book) > room; over != (left < 0) {
				t.Fatalf("%v of %d bytes: room for %d in %d", m.Type, Size(&m, &book), left, room)
			}
			n := min(max(left, 0)/contactSize6, MaxContacts)
			m.Contacts, m.More = contacts[:n], true
			if left >= 0 && Size(&m, &book) > room {
				t.Fatalf("%v: %d contacts take %d bytes of %d", m.Type, n, Size(&m, &book), room)
			}
			if m.Contacts = contacts[:min(n+1, MaxContacts)]; n < MaxContacts && Size(&m, &book) < room {
				t.Fatalf("%v: %d contacts would fit %d bytes, ContactsRoom is for %d", m.Type, n+1, room, n)
			}
		}
	}
}

func TestLifetimesOnTheWire(t *testing.T) {
	for _, c := range []struct{ sent, arrives time.Duration }{
		{24 * time.Hour, 24 * time.Hour},
		{1999 * time.Microsecond, time.Millisecond}, // whole milliseconds, never more than there were
		{-time.Hour, 0},
		{1<<63 - 1, maxTTL},
	} {
		if got := duration(millis(c.sent)); got != c.arrives {
			t.Errorf("%v arrives as %v, want %v", c.sent, got, c.arrives)
		}
	}
	if got := duration(1<<64 - 1); got != maxTTL {
		t.Errorf("the largest number of milliseconds arrives as %v", got)
	}
}
