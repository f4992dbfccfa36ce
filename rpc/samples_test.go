package rpc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
)

type sample struct {
	name    string
	message Message
}

// samples are one message of each kind as it is typically sent, with up to n
// contacts and tags.
func samples(book identity.Book, n int) []sample {
	address := func(i int) identity.Address {
		ip := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		if i%2 == 0 {
			ip = netip.MustParseAddr("2001:db8::1")
		}
		return identity.Address{ID: identity.ID(bytes.Repeat([]byte{byte(i)}, 32)), Endpoint: netip.AddrPortFrom(ip, 4100)}
	}
	var contacts []identity.Contact
	var tags []uint16
	for i := range n {
		c := book.Intern(address(1 + i))
		contacts = append(contacts, c)
		tags = append(tags, Tag(7, book.Position(c)))
	}
	key := []byte("/v/hello")
	target := identity.KeyPosition(key)
	signature := bytes.Repeat([]byte{0xee}, 64)
	record := &Record{Key: key, Value: []byte("the value"), Sequence: 300, TTL: 24 * time.Hour}
	signed := &Record{
		Key: []byte("/sig/12D3KooW/name"), Value: []byte("the value"), Sequence: 1,
		Publisher: address(0xaa).ID, Signature: signature, TTL: time.Hour,
	}
	provider := func(i int) Provider {
		return Provider{Peer: address(i), Sequence: 5, TTL: 24 * time.Hour, Signature: signature, Lifetime: 86400}
	}
	provided := provider(0xbb)
	provided.Key = key
	provided.Description, provided.Withdrawn = []byte("mirror"), true
	observed := address(9).Endpoint
	cursor := bytes.Repeat([]byte{0xbb}, 32)
	return []sample{
		{"PING/request", Message{Type: Ping, DialBack: true, WantProtocols: true}},
		{"PING/response", Message{Type: Ping, Response: true, Observed: observed, Protocols: []string{"/kad/echo/1", "/kad/sum/1"}, MoreProtocols: true}},
		{"FIND_NODE/request", Message{Type: FindNode, Target: target, Families: IPv4, Known: tags, Failed: []uint16{0xdead}}},
		{"FIND_NODE/response", Message{Type: FindNode, Response: true, Observed: observed, Contacts: contacts, More: true}},
		{"FIND_VALUE/request", Message{Type: FindValue, Target: target, Key: key, Families: IPv4 | IPv6, Known: tags}},
		{"FIND_VALUE/response", Message{Type: FindValue, Response: true, Target: target, Record: record, Observed: observed, Contacts: contacts[:n/2]}},
		{"STORE/request", Message{Type: Store, Target: identity.KeyPosition(signed.Key), Record: signed, CAS: true, Settled: []uint64{8}}},
		{"STORE/response", Message{Type: Store, Response: true, Status: Older, Observed: observed}},
		{"ADD_PROVIDER/request", Message{Type: AddProvider, Target: target, Provider: &provided}},
		{"ADD_PROVIDER/response", Message{Type: AddProvider, Response: true, Observed: observed}},
		{"GET_PROVIDERS/request", Message{Type: GetProviders, Target: target, Key: key, ProvidersAfter: cursor}},
		{"GET_PROVIDERS/response", Message{Type: GetProviders, Response: true, Providers: []Provider{provider(0xbb), provider(0xcc)}, MoreProviders: true, Observed: observed, Contacts: contacts[:n/2]}},
		{"MESSAGE/request", Message{Type: AppMessage, Protocol: "/kad/echo/1", Payload: []byte("hello"), Settled: []uint64{8, 9}}},
		{"MESSAGE/response", Message{Type: AppMessage, Response: true, Payload: []byte("hello"), Observed: observed}},
		{"MESSAGE/poll", Message{Type: AppMessage, Poll: true}},
		{"MESSAGE/working", Message{Type: AppMessage, Response: true, Status: Working, Observed: observed}},
	}
}

// encoded is the sample's body.
func encoded(t testing.TB, m *Message, book identity.Book) []byte {
	t.Helper()
	body, err := new(Codec).Append(nil, m, book)
	if err != nil {
		t.Fatalf("encoding a %v: %v", m.Type, err)
	}
	return body
}

// header is a message with no more than the sample's header.
func header(m *Message) Message {
	return Message{Type: m.Type, Response: m.Response, Serves: m.Serves, ID: m.ID}
}

// fourContact is a packed contact for tests that damage one: key, 192.0.2.1:4100.
func fourContact() []byte {
	b := append(bytes.Repeat([]byte{1}, 32), 4, 192, 0, 2, 1)
	return binary.BigEndian.AppendUint16(b, 4100)
}
