package rpc

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"kadmium/identity"
)

// Encoding allocates nothing. Decoding allocates what protobuf does, a slice for each
// field of bytes, and what the caller may keep.
func TestAllocations(t *testing.T) {
	decoding := map[string]float64{
		"PING/request":           0,
		"PING/response":          5,  // the address; two names and a slice of them, which grows
		"FIND_NODE/request":      3,  // target, tags, failed
		"FIND_NODE/response":     2,  // contacts, observed
		"FIND_VALUE/request":     2,  // key, tags
		"FIND_VALUE/response":    6,  // contacts, observed; wire record, key, value; Record
		"STORE/request":          8,  // wire record, key, value, publisher, signature; CAS sequence; settled; Record
		"STORE/response":         1,  // observed
		"ADD_PROVIDER/request":   6,  // key; wire entry, contact, signature, description; Provider
		"ADD_PROVIDER/response":  1,  // observed
		"GET_PROVIDERS/request":  2,  // key, cursor
		"GET_PROVIDERS/response": 10, // contacts, observed; slice grown twice; two of wire entry, contact, signature
		"MESSAGE/request":        3,  // protocol, payload, settled
		"MESSAGE/response":       2,  // payload, observed
		"MESSAGE/poll":           0,
		"MESSAGE/working":        1, // observed
	}
	var book identity.Contacts
	for _, s := range samples(&book, MaxContacts) {
		var codec Codec
		buf := encoded(t, &s.message, &book)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := codec.Append(buf[:0], &s.message, &book); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("encoding %s allocates %v times", s.name, n)
		}
		m := header(&s.message)
		if n := testing.AllocsPerRun(100, func() {
			if err := codec.Decode(buf, &m, &book); err != nil {
				t.Fatal(err)
			}
		}); n > decoding[s.name] {
			t.Errorf("decoding %s allocates %v times, want %v", s.name, n, decoding[s.name])
		}
	}
}

func TestDecodeReusesSlices(t *testing.T) {
	var book identity.Contacts
	var codec Codec
	m := Message{Type: FindNode, ID: 1, Known: []uint16{1, 2, 3}}
	body := encoded(t, &m, &book)
	known := &m.Known[0]
	if err := codec.Decode(body, &m, &book); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Known, []uint16{1, 2, 3}) || &m.Known[0] != known {
		t.Errorf("Known = %v in other memory", m.Known)
	}
}

// Between calls a codec refers to no message, also after an error: otherwise a node
// would keep the last record of each kind in memory.
func TestCodecKeepsNothing(t *testing.T) {
	var book identity.Contacts
	var codec Codec
	check := func(after string) {
		t.Helper()
		for _, kind := range []Type{Ping, FindNode, Store, AddProvider, AppMessage} {
			for _, response := range []bool{false, true} {
				if body := codec.body(kind, response).(proto.Message); proto.Size(body) != 0 {
					t.Errorf("%s: %v is left", after, body)
				}
			}
		}
		parts := []proto.Message{&codec.record}
		for _, p := range codec.providers[:cap(codec.providers)] {
			if p != nil {
				parts = append(parts, p)
			}
		}
		for _, p := range parts {
			if proto.Size(p) != 0 {
				t.Errorf("%s: %v is left", after, p)
			}
		}
		if len(codec.buffer.Bytes()) != 0 || len(codec.providers) != 0 {
			t.Errorf("%s: something is left", after)
		}
	}
	for _, s := range samples(&book, 3) {
		body, err := codec.Append(nil, &s.message, &book)
		if err != nil {
			t.Fatal(err)
		}
		check("encoding " + s.name)
		m := header(&s.message)
		if err := codec.Decode(body, &m, &book); err != nil {
			t.Fatal(err)
		}
		check("decoding " + s.name)
		if err := codec.Decode(append(body, 0xff), &m, &book); err == nil {
			t.Fatal("decoded a damaged body")
		}
		check("refusing " + s.name)
	}
	providers := []Provider{samplesProvider(&book), {}} // the second cannot be sent
	if _, err := codec.Append(nil, &Message{Type: GetProviders, Response: true, Providers: providers}, &book); err == nil {
		t.Fatal("sent an entry without an address")
	}
	check("refusing to send")
}

func samplesProvider(book identity.Book) Provider {
	for _, s := range samples(book, 1) {
		if s.message.Provider != nil {
			return *s.message.Provider
		}
	}
	return Provider{}
}
