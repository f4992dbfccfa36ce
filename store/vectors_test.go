package store

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/internal/vectors"
	"kadmium/rpc"
)

// vectorFiles are those of what does not depend on datagrams: peers, what they sign, bodies.
func vectorFiles(t *testing.T) []*vectors.File {
	t.Helper()
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	key := identity.KeyFromSeed([32]byte(seed))
	id := key.ID()
	encoded, position := id.Bytes(), id.Position()
	peer := &vectors.File{Name: "peer.txt", About: "A peer: the ID in text is in ASCII."}
	peer.Add("seed", seed)
	peer.Add("public_key", id[:])
	peer.Add("id", encoded[:])
	peer.Add("id_text", []byte(id.String()))
	peer.Add("position", position[:])
	valueKey := identity.KeyPosition([]byte("/v/hello"))
	peer.Add("value_key", []byte("/v/hello"))
	peer.Add("value_position", valueKey[:])

	r := &rpc.Record{Key: []byte("/sig/" + id.String() + "/name"), Value: []byte("the value"), Sequence: 300, TTL: 24 * time.Hour}
	SignRecord(key, "kadmium", r)
	record := &vectors.File{Name: "record_signature.txt", About: "A record signed by the peer of peer.txt, with sequence 300; size is that of the record, at most 1,000."}
	record.Add("key", r.Key)
	record.Add("value", r.Value)
	record.Add("size", []byte{0, byte(rpc.RecordSize(r))})
	record.Add("signed_text", append(signedText(recordDomain, "kadmium", r.Key, r.Sequence), r.Value...))
	record.Add("signature", r.Signature)
	if err := NewNamespaces("kadmium").Validate(r); err != nil {
		t.Fatal(err)
	}

	provider := &vectors.File{Name: "provider_signature.txt", About: "Provider entries of the peer of peer.txt for /v/hello at 203.0.113.7:4100, with sequence 5 and a lifetime of 86,400 s:\nas kadmium makes them, and one that is described and withdrawn, with sequence 6."}
	p := providerVector(key)
	provider.Add("signed_text", signedProvider("kadmium", p))
	provider.Add("signature", p.Signature)
	withdrawn := *p
	withdrawn.Sequence, withdrawn.Description, withdrawn.Withdrawn = 6, []byte("mirror"), true
	SignProvider(key, "kadmium", &withdrawn)
	provider.Add("withdrawn_signed_text", signedProvider("kadmium", &withdrawn))
	provider.Add("withdrawn_signature", withdrawn.Signature)
	for _, p := range []*rpc.Provider{p, &withdrawn} {
		if err := NewNamespaces("kadmium").VerifyProvider(p); err != nil {
			t.Fatal(err)
		}
	}
	return []*vectors.File{peer, record, provider, bodies(t, r, p, &withdrawn)}
}

func providerVector(key identity.Key) *rpc.Provider {
	p := &rpc.Provider{Key: []byte("/v/hello"), Sequence: 5, TTL: 24 * time.Hour, Lifetime: 86_400}
	p.Peer.Endpoint = mustAddrPort("203.0.113.7:4100")
	SignProvider(key, "kadmium", p)
	return p
}

// bodies has a body of every RPC in both directions.
func bodies(t *testing.T, r *rpc.Record, p, withdrawn *rpc.Provider) *vectors.File {
	t.Helper()
	var book identity.Contacts
	contacts := []identity.Contact{
		book.Intern(p.Peer),
		book.Intern(identity.Address{ID: testKey(2).ID(), Endpoint: mustAddrPort("[2001:db8::5]:4200")}),
	}
	key, observed := p.Key, mustAddrPort("198.51.100.7:4100")
	target := identity.KeyPosition(key)
	named := *p
	named.TTL = time.Hour
	v := &vectors.File{Name: "bodies.txt", About: "A body of every RPC in both directions; record and entries are those of record_signature.txt and provider_signature.txt.\nkad.proto names the fields."}
	for _, b := range []struct {
		name    string
		message rpc.Message
	}{
		{"ping_request", rpc.Message{Type: rpc.Ping, DialBack: true, WantProtocols: true}},
		{"ping_response", rpc.Message{Type: rpc.Ping, Response: true, Observed: observed, Protocols: []string{"/kad/echo/1", "/kad/sum/1"}, MoreProtocols: true}},
		{"find_node_request", rpc.Message{Type: rpc.FindNode, Target: target, Families: rpc.IPv4, Known: []uint16{0xbeef}}},
		{"find_node_response", rpc.Message{Type: rpc.FindNode, Response: true, Contacts: contacts, More: true, Observed: observed}},
		{"find_value_request", rpc.Message{Type: rpc.FindValue, Key: r.Key, Families: rpc.IPv4 | rpc.IPv6}},
		{"find_value_response", rpc.Message{Type: rpc.FindValue, Response: true, Record: r, Contacts: contacts[:1], Observed: observed}},
		{"store_request", rpc.Message{Type: rpc.Store, Record: r, CAS: true, CASSequence: 299, Settled: []uint64{0x0102030405060708}}},
		{"store_response", rpc.Message{Type: rpc.Store, Response: true, Status: rpc.Conflict, Observed: observed}},
		{"add_provider_request", rpc.Message{Type: rpc.AddProvider, Provider: withdrawn}},
		{"add_provider_response", rpc.Message{Type: rpc.AddProvider, Response: true, Observed: observed}},
		{"get_providers_request", rpc.Message{Type: rpc.GetProviders, Key: key}},
		{"get_providers_response", rpc.Message{Type: rpc.GetProviders, Response: true, Providers: []rpc.Provider{named}, MoreProviders: true, Contacts: contacts[1:], Observed: observed}},
		{"get_providers_page_request", rpc.Message{Type: rpc.GetProviders, Key: key, ProvidersAfter: make([]byte, 32)}},
		{"get_providers_page_response", rpc.Message{Type: rpc.GetProviders, Response: true, Providers: []rpc.Provider{named}, Observed: observed}},
		{"message_request", rpc.Message{Type: rpc.AppMessage, Protocol: "/kad/echo/1", Payload: []byte("hello"), Settled: []uint64{0x0102030405060708}}},
		{"message_response", rpc.Message{Type: rpc.AppMessage, Response: true, Payload: []byte("hello"), Observed: observed}},
		{"message_working", rpc.Message{Type: rpc.AppMessage, Response: true, Status: rpc.Working, Observed: observed}},
		{"message_poll", rpc.Message{Type: rpc.AppMessage, Poll: true}},
	} {
		var codec rpc.Codec
		body, err := codec.Append(nil, &b.message, &book)
		if err != nil {
			t.Fatalf("%s: %v", b.name, err)
		}
		got := rpc.Message{Type: b.message.Type, Response: b.message.Response}
		if err := codec.Decode(body, &got, &book); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
		v.Add(b.name, body)
	}
	return v
}

func TestVectors(t *testing.T) { vectors.Check(t, vectorFiles(t)) }

// Every vector is in hex, has no name twice, belongs to a section of docs/wire.md, and is
// made by a test.
func TestEveryVectorIsRead(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "docs", "wire.md"))
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, test := range []string{"vectors_test.go", filepath.Join("..", "session", "vectors_test.go")} {
		source, err := os.ReadFile(test)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Name: "(\w+\.txt)"`).FindAllSubmatch(source, -1) {
			made = append(made, string(m[1]))
		}
	}
	files, err := os.ReadDir(vectors.Dir)
	if err != nil || len(files) != len(made) {
		t.Fatalf("%d files, %d made by tests: %v", len(files), len(made), err)
	}
	for _, f := range files {
		if !slices.Contains(made, f.Name()) {
			t.Errorf("no test makes %s", f.Name())
		}
		if !strings.Contains(string(document), "`"+f.Name()+"`") {
			t.Errorf("docs/wire.md does not name %s", f.Name())
		}
		text, err := os.ReadFile(filepath.Join(vectors.Dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		names := make(map[string]bool)
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
			if _, err := hex.DecodeString(value); err != nil || !ok || names[name] {
				t.Errorf("%s: %q is no named value: %v", f.Name(), name, err)
			}
			names[name] = true
		}
	}
}
