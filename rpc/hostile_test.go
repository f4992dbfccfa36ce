package rpc

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"kadmium/identity"
)

// checkDecode decodes a body with any content and checks what Decode promises.
func checkDecode(t *testing.T, head Message, body []byte) {
	t.Helper()
	var codec Codec
	var book, second identity.Contacts
	m, kept := head, bytes.Clone(body)
	if err := codec.Decode(body, &m, &book); err != nil {
		if !errors.Is(err, ErrBadMessage) && !errors.Is(err, ErrTooLarge) {
			t.Fatalf("Decode's error is neither of its two: %v", err)
		}
		return
	}
	if !bytes.Equal(body, kept) {
		t.Fatal("Decode changed the body")
	}
	clear(body) // m must not change with it
	if m.Type != head.Type || m.Response != head.Response || m.ID != head.ID || m.Serves != head.Serves {
		t.Fatalf("Decode changed the header of %+v to %+v", head, m)
	}
	if len(m.Contacts) > MaxContacts || len(m.Known) > MaxTags || len(m.Payload) > MaxPayload || len(m.Protocol) > MaxProtocol ||
		len(m.Failed) > MaxTags || len(m.Settled) > MaxSettled || len(m.Protocols) > MaxProtocols {
		t.Fatalf("over a limit: %+v", m)
	}
	for _, c := range m.Contacts {
		if !Contactable(book.Address(c)) {
			t.Fatalf("%v is no contact", book.Address(c))
		}
	}
	again, err := codec.Append(nil, &m, &book)
	if err != nil {
		// Only what has a Status of its own is accepted without a check.
		if m.Record == nil && m.Provider == nil {
			t.Fatalf("%+v was decoded but cannot be sent: %v", m, err)
		}
		return
	}
	if len(again) > len(kept) {
		t.Fatalf("%d bytes became %d: %x, %x", len(kept), len(again), kept, again)
	}
	m2 := head
	if err := codec.Decode(again, &m2, &second); err != nil {
		t.Fatalf("%+v was decoded and sent but not decoded again: %v", m, err)
	}
	if a, b := plain(&m, &book), plain(&m2, &second); !reflect.DeepEqual(a, b) {
		t.Fatalf("decoded %+v\nagain   %+v", a, b)
	}
}

func FuzzDecode(f *testing.F) {
	var book identity.Contacts
	for _, s := range samples(&book, 3) {
		f.Add(byte(s.message.Type), s.message.Response, encoded(f, &s.message, &book))
	}
	f.Add(byte(0), false, []byte{})
	f.Fuzz(func(t *testing.T, kind byte, response bool, body []byte) {
		checkDecode(t, Message{Type: Type(kind), Response: response, ID: 7}, body)
	})
}

// Every body cut at every byte, with every bit flipped, read as every kind.
func TestDamagedBodies(t *testing.T) {
	var book identity.Contacts
	for _, s := range samples(&book, 3) {
		body := encoded(t, &s.message, &book)
		head := header(&s.message)
		for n := range body {
			checkDecode(t, head, bytes.Clone(body[:n]))
		}
		for bit := range 8 * len(body) {
			flipped := bytes.Clone(body)
			flipped[bit/8] ^= 1 << (bit % 8)
			checkDecode(t, head, flipped)
		}
		for kind := range byte(AppMessage + 2) {
			checkDecode(t, Message{Type: Type(kind)}, bytes.Clone(body))
			checkDecode(t, Message{Type: Type(kind), Response: true}, bytes.Clone(body))
		}
	}
}

// What later versions add is ignored (wire.md, section 7).
func TestUnknownFieldsAreIgnored(t *testing.T) {
	unknown := protowire.AppendTag(nil, 1000, protowire.BytesType)
	unknown = protowire.AppendString(unknown, "from the future")
	unknown = protowire.AppendTag(unknown, 1001, protowire.VarintType)
	unknown = protowire.AppendVarint(unknown, 5)
	var book identity.Contacts
	for _, s := range samples(&book, 3) {
		body := encoded(t, &s.message, &book)
		want, got := header(&s.message), header(&s.message)
		var codec Codec
		if err := codec.Decode(body, &want, &book); err != nil {
			t.Fatal(err)
		}
		if err := codec.Decode(append(bytes.Clone(unknown), body...), &got, &book); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %+v became %+v", s.name, want, got)
		}
	}
}

func TestRefusedBodies(t *testing.T) {
	field := func(number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	ones := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	mapped := join(ones(32), []byte{6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1, 1, 1})
	entry := func(contact []byte, signature int) []byte { return join(field(1, contact), field(4, ones(signature))) }
	seen := func(b ...byte) []byte { return field(6, b) }
	for _, c := range []struct {
		name     string
		kind     Type
		response bool
		body     []byte
		want     error
	}{
		{"unknown type 0", 0, false, nil, errType},
		{"the first unknown type", TypeLimit, true, nil, errType},
		{"not protobuf", Ping, false, []byte{0xff}, errProtobuf},
		{"a field that ends early", FindValue, false, field(2, ones(9))[:8], errProtobuf},
		{"no target", FindNode, false, nil, errTarget},
		{"a short target", FindNode, false, field(1, ones(31)), errTarget},
		{"a long target", FindNode, false, field(1, ones(33)), errTarget},
		{"no key to find", FindValue, false, nil, errNoKey},
		{"a key too long to find", GetProviders, false, field(2, ones(MaxKey+1)), errKeySize},
		{"half a tag", FindNode, false, join(field(1, ones(32)), field(4, ones(3))), errTags},
		{"a body longer than a datagram", FindValue, false, field(2, ones(MaxDatagram)), errBody},
		{"half a contact", FindNode, true, field(1, fourContact()[:38]), errContacts},
		{"a contact and a byte", FindNode, true, field(1, join(fourContact(), ones(1))), errContacts},
		{"a contact of no family", FindNode, true, field(1, ones(39)), errContacts},
		{"an IPv6 contact in 39 bytes", FindValue, true, field(1, join(ones(32), []byte{6}, ones(6))), errContacts},
		{"an IPv4 contact written as IPv6", FindNode, true, field(1, mapped), errContacts},
		{"an observed address cut short", Ping, true, field(1, fourContact()[32:38]), errObserved},
		{"an observed address and a byte", Ping, true, field(1, join(fourContact()[32:], ones(1))), errObserved},
		{"no record", Store, false, nil, errNoRecord},
		{"a short publisher", Store, false, field(1, field(4, ones(31))), errPublisher},
		{"a short signature", FindValue, true, field(3, field(5, ones(63))), errSignature},
		{"no provider entry", AddProvider, false, field(1, ones(8)), errNoEntry},
		{"an entry with half a contact", AddProvider, false, field(2, entry(fourContact()[:20], 64)), errContacts},
		{"an entry with two contacts", AddProvider, false, field(2, entry(join(fourContact(), fourContact()), 64)), errContacts},
		{"half a failed tag", FindNode, false, join(field(1, ones(32)), field(5, ones(1))), errTags},
		{"a short cursor", GetProviders, false, join(field(2, ones(1)), field(6, ones(31))), errCursor},
		{"half a settled ID", AppMessage, false, join(field(1, ones(1)), field(4, ones(12))), errSettled},
		{"half a settled ID of a poll", AppMessage, false, []byte{0x18, 1, 0x22, 1, 1}, errSettled},
		{"half a settled ID of a STORE", Store, false, join(field(1, nil), field(4, ones(7))), errSettled},
		{"coordinates of no contact", FindNode, true, field(8, ones(6)), errCoords},
		{"coordinates of two contacts for one", FindNode, true, join(field(1, fourContact()), field(8, ones(12))), errCoords},
		{"observed at port 0", FindNode, true, seen(4, 192, 0, 2, 1, 0, 0), errObserved},
		{"observed at no address", Store, true, field(3, []byte{4, 0, 0, 0, 0, 1, 1}), errObserved},
		{"observed at a group", FindValue, true, seen(4, 224, 0, 0, 1, 1, 1), errObserved},
		{"a protocol without a name", Ping, true, field(2, nil), errProtocol},
		{"a long protocol of a PING", Ping, true, field(2, ones(MaxProtocol+1)), errNames},
		{"a protocol of a PING that is not UTF-8", Ping, true, field(2, []byte{0xff}), errProtobuf},
		{"an unsigned entry", AddProvider, false, field(2, entry(fourContact(), 0)), errSignature},
		{"an unsigned entry in an answer", GetProviders, true, field(5, entry(fourContact(), 1)), errSignature},
		{"no protocol", AppMessage, false, field(2, ones(1)), errProtocol},
		{"a protocol that is not UTF-8", AppMessage, false, field(1, []byte{0xff}), errProtobuf},
		{"a long protocol", AppMessage, false, field(1, ones(MaxProtocol+1)), errNames},
		{"a long payload", AppMessage, false, join(field(1, ones(1)), field(2, ones(MaxPayload+1))), errPayload},
		{"a long reply", AppMessage, true, field(2, ones(MaxPayload+1)), errPayload},
	} {
		var book identity.Contacts
		m := Message{Type: c.kind, Response: c.response}
		if err := new(Codec).Decode(c.body, &m, &book); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if book.Len() != 0 {
			t.Errorf("%s: a refused body left contacts behind", c.name)
		}
	}
}

// A record that is too large, or has no key, is decoded: its STORE is answered with a
// status.
func TestStoreOfTooMuchIsDecoded(t *testing.T) {
	value := bytes.Repeat([]byte{1}, MaxRecord)
	body := protowire.AppendBytes([]byte{0x0a}, protowire.AppendBytes([]byte{0x12}, value))
	m := Message{Type: Store}
	if err := new(Codec).Decode(body, &m, nil); err != nil {
		t.Fatal(err)
	}
	if RecordSize(m.Record) <= MaxRecord || len(m.Record.Key) != 0 || !bytes.Equal(m.Record.Value, value) {
		t.Errorf("decoded a record of %d bytes", RecordSize(m.Record))
	}
}

// A write whose content has a status is decoded: an address that nobody can reach, a
// description that is too long.
func TestEntryOfAStatusIsDecoded(t *testing.T) {
	field := func(number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
	}
	contact := append(bytes.Repeat([]byte{1}, 32), 4, 224, 0, 0, 1, 1, 1) // multicast
	entry := bytes.Join([][]byte{field(1, contact), field(4, make([]byte, 64)), field(6, make([]byte, MaxDescription+1))}, nil)
	m := Message{Type: AddProvider}
	if err := new(Codec).Decode(field(2, entry), &m, nil); err != nil {
		t.Fatal(err)
	}
	if len(m.Provider.Key) != 0 || len(m.Provider.Description) != MaxDescription+1 || Contactable(m.Provider.Peer) {
		t.Errorf("decoded %+v", m.Provider)
	}
}

// Of more than 16 protocols the first 16 are read.
func TestProtocolsOverTheLimit(t *testing.T) {
	body := bytes.Repeat([]byte{0x12, 1, 'p'}, MaxProtocols+1)
	m := Message{Type: Ping, Response: true}
	if err := new(Codec).Decode(body, &m, nil); err != nil || len(m.Protocols) != MaxProtocols || !m.MoreProtocols {
		t.Errorf("%d protocols, more %v, %v", len(m.Protocols), m.MoreProtocols, err)
	}
}

// wire.md rule 7: contacts that cannot be reached are left out of an answer, and so are
// contacts over the limit.
func TestContactsLeftOut(t *testing.T) {
	good := fourContact()
	changed := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	six := func(first byte) []byte {
		c := append(bytes.Repeat([]byte{1}, 32), 6, first)
		return append(c, append(make([]byte, 15), 1, 1)...)
	}
	parts := [][]byte{
		good,
		changed(0, make([]byte, 32)...), // no key
		changed(0, append([]byte{1}, make([]byte, 31)...)...), // a key of small order
		changed(33, 0, 0, 0, 0),                               // unspecified
		changed(33, 255, 255, 255, 255),                       // broadcast
		changed(33, 239, 0, 0, 1),                             // multicast
		changed(37, 0, 0),                                     // port 0
		six(0),                                                // unspecified
		six(0xff),                                             // multicast
		changed(33, 192, 0, 2, 2),
	}
	var book identity.Contacts
	got := parseContacts(nil, bytes.Join(parts, nil), &book)
	var text []string
	for _, c := range got {
		text = append(text, book.Address(c).Endpoint.String())
	}
	if s := strings.Join(text, " "); s != "192.0.2.1:4100 192.0.2.2:4100" {
		t.Errorf("contacts %s", s)
	}
	if got = parseContacts(nil, bytes.Repeat(good, MaxContacts+5), &book); len(got) != MaxContacts {
		t.Errorf("of %d contacts %d came in", MaxContacts+5, len(got))
	}
	if ids, err := parseIDs(nil, make([]byte, 8*MaxSettled+16)); err != nil || len(ids) != MaxSettled {
		t.Errorf("of %d request IDs %d came in, %v", MaxSettled+2, len(ids), err)
	}
	tags, err := parseTags(nil, make([]byte, 2*MaxTags+8))
	if err != nil || len(tags) != MaxTags {
		t.Errorf("of %d tags %d came in, %v", MaxTags+4, len(tags), err)
	}
}

// Numbers that only a later version knows are decoded as the nearest known ones.
func TestNumbersOfLaterVersions(t *testing.T) {
	varint := func(number protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
	}
	query := append(varint(3, 1<<31|7), 0x0a, 32)
	m := Message{Type: FindNode}
	if err := new(Codec).Decode(append(query, make([]byte, 32)...), &m, nil); err != nil || m.Families != IPv4|IPv6 {
		t.Errorf("families %b, %v", m.Families, err)
	}
	for status, want := range map[uint64]Status{8: Failed, 12: 12, 256: 255, 1<<64 - 1: 255} {
		m := Message{Type: Store, Response: true}
		if err := new(Codec).Decode(varint(1, status), &m, nil); err != nil || m.Status != want {
			t.Errorf("status %d: %d, %v", status, m.Status, err)
		}
	}
}
