package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/rpc"
)

// longest is a validator as one written for libp2p: the longest value wins, values
// that start with '!' are refused, and Select takes the first of equals.
type longest struct{ refuse map[string]bool }

func (v *longest) Validate(key string, value []byte) error {
	if !strings.HasPrefix(key, "/long/") || bytes.HasPrefix(value, []byte("!")) || v.refuse[string(value)] {
		return errRefused
	}
	return nil
}

func (v *longest) Select(_ string, values [][]byte) (int, error) {
	best := 0
	for i, value := range values {
		if len(value) == 0 {
			return 0, errRefused
		}
		if len(value) > len(values[best]) {
			best = i
		}
	}
	return best, nil
}

var errRefused = errors.New("refused by the user")

func withLongest() (*Namespaces, *longest) {
	v := &longest{refuse: make(map[string]bool)}
	n := NewNamespaces(network)
	if err := n.Register("long", v); err != nil {
		panic(err)
	}
	return n, v
}

func TestValidate(t *testing.T) {
	n, _ := withLongest()
	id := testKey(1).ID()
	value := []byte("hello")
	signedRecord := func(name string, alter func(*rpc.Record)) *rpc.Record {
		r := &rpc.Record{Key: []byte("/sig/" + id.String() + name), Value: value, Sequence: 7}
		SignRecord(testKey(1), network, r)
		alter(r)
		return r
	}
	plain := func(key string, value []byte) *rpc.Record { return &rpc.Record{Key: []byte(key), Value: value} }
	pk := "/pk/" + id.String()
	for name, c := range map[string]struct {
		r    *rpc.Record
		want error
	}{
		"blackboard":           {plain("/v/a", value), nil},
		"blackboard, no value": {plain("/v/a", nil), nil},
		"blackboard, deep":     {plain("/v/a/b//c", value), nil},
		"blackboard, signed":   {&rpc.Record{Key: []byte("/v/a"), Signature: make([]byte, 64)}, ErrBadSignature},
		"blackboard, peer":     {&rpc.Record{Key: []byte("/v/a"), Publisher: id}, ErrBadSignature},
		"top sequence":         {&rpc.Record{Key: []byte("/v/a"), Sequence: MaxSequence}, nil},
		"sequence 2^63":        {&rpc.Record{Key: []byte("/v/a"), Sequence: MaxSequence + 1}, ErrSequence},
		"no key":               {plain("", value), ErrEmptyKey},
		"no slash":             {plain("v/a", value), ErrBadKey},
		"no name":              {plain("/v/", value), ErrBadKey},
		"no namespace":         {plain("//a", value), ErrBadKey},
		"only a namespace":     {plain("/v", value), ErrBadKey},
		"unknown":              {plain("/x/a", value), ErrUnknownNamespace},
		"case counts":          {plain("/V/a", value), ErrUnknownNamespace},
		"long key":             {plain("/v/"+strings.Repeat("k", rpc.MaxKey-3), nil), nil},
		"too long a key":       {plain("/v/"+strings.Repeat("k", rpc.MaxKey-2), nil), ErrTooLarge},
		"large":                {plain("/v/a", make([]byte, rpc.MaxRecord-9)), nil},
		"too large":            {plain("/v/a", make([]byte, rpc.MaxRecord-8)), ErrTooLarge},
		"immutable":            {plain(immutableKey(value), value), nil},
		"immutable, altered":   {plain(immutableKey(value), []byte("hellp")), ErrInvalid},
		"immutable, upper":     {plain("/imm/"+strings.Repeat("AB", 32), value), ErrBadKey},
		"immutable, short":     {plain("/imm/abcd", value), ErrBadKey},
		"immutable, long":      {plain(immutableKey(value)+"00", value), ErrBadKey},
		"immutable, no hex":    {plain("/imm/"+strings.Repeat("x", 64), value), ErrBadKey},
		"public key":           {plain(pk, publicKeyValue(id)), nil},
		"public key, bare":     {plain(pk, id[:]), ErrInvalid},
		"public key, other":    {plain(pk, publicKeyValue(testKey(2).ID())), ErrInvalid},
		"public key, no peer":  {plain("/pk/abc", publicKeyValue(id)), ErrBadKey},
		"signed":               {signedRecord("/a", func(*rpc.Record) {}), nil},
		"signed, deep":         {signedRecord("/a/b", func(*rpc.Record) {}), nil},
		"signed, no name":      {signedRecord("/", func(*rpc.Record) {}), ErrBadKey},
		"signed, no slash":     {signedRecord("", func(*rpc.Record) {}), ErrBadKey},
		"signed, no peer":      {plain("/sig/abc/a", value), ErrBadKey},
		"signed, other value":  {signedRecord("/a", func(r *rpc.Record) { r.Value = []byte("x") }), ErrBadSignature},
		"signed, sequence":     {signedRecord("/a", func(r *rpc.Record) { r.Sequence++ }), ErrBadSignature},
		"signed, other key":    {signedRecord("/a", func(r *rpc.Record) { r.Key = append(r.Key, 'b') }), ErrBadSignature},
		"signed, no signature": {signedRecord("/a", func(r *rpc.Record) { r.Signature = nil }), ErrBadSignature},
		"signed, no publisher": {signedRecord("/a", func(r *rpc.Record) { r.Publisher = identity.ID{} }), ErrBadSignature},
		"signed, by another":   {signedRecord("/a", func(r *rpc.Record) { SignRecord(testKey(2), network, r) }), ErrBadSignature},
		"signed, elsewhere":    {signedRecord("/a", func(r *rpc.Record) { SignRecord(testKey(1), "other", r) }), ErrBadSignature},
		"user":                 {plain("/long/a", value), nil},
		"user, refused":        {plain("/long/a", []byte("!")), ErrInvalid},
		"user, their error":    {plain("/long/a", []byte("!")), errRefused},
		"user, signed":         {&rpc.Record{Key: []byte("/long/a"), Publisher: id}, ErrBadSignature},
	} {
		err := n.Validate(c.r)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		status := StatusOf(err)
		if (status == rpc.OK) != (err == nil) || (status == rpc.TooLarge) != errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: status %v of %v", name, status, err)
		}
	}
}

func TestVerifyProvider(t *testing.T) {
	n := NewNamespaces(network)
	alter := func(f func(*rpc.Provider)) *rpc.Provider {
		p := providerEntry(1, "k", 7, 4100, time.Hour)
		f(p)
		return p
	}
	resigned := func(f func(*rpc.Provider)) *rpc.Provider {
		return alter(func(p *rpc.Provider) {
			f(p)
			SignProvider(testKey(1), network, p)
		})
	}
	at := func(s string) func(*rpc.Provider) {
		return func(p *rpc.Provider) { p.Peer.Endpoint = mustAddrPort(s) }
	}
	for name, c := range map[string]struct {
		p    *rpc.Provider
		want error
	}{
		"good":                   {alter(func(*rpc.Provider) {}), nil},
		"lifetime":               {alter(func(p *rpc.Provider) { p.TTL /= 2 }), nil}, // others pass on what remains
		"IPv6":                   {resigned(at("[2001:db8::1]:4100")), nil},
		"key":                    {alter(func(p *rpc.Provider) { p.Key = []byte("l") }), ErrBadSignature},
		"sequence":               {alter(func(p *rpc.Provider) { p.Sequence++ }), ErrBadSignature},
		"address":                {alter(at("10.0.0.1:4101")), ErrBadSignature},
		"peer":                   {alter(func(p *rpc.Provider) { p.Peer.ID = testKey(2).ID() }), ErrBadSignature},
		"network":                {alter(func(p *rpc.Provider) { SignProvider(testKey(1), "other", p) }), ErrBadSignature},
		"no signature":           {alter(func(p *rpc.Provider) { p.Signature = nil }), ErrBadSignature},
		"no key":                 {alter(func(p *rpc.Provider) { p.Key = nil }), ErrEmptyKey},
		"too long a key":         {alter(func(p *rpc.Provider) { p.Key = make([]byte, rpc.MaxKey+1) }), ErrTooLarge},
		"sequence 2^63":          {resigned(func(p *rpc.Provider) { p.Sequence = MaxSequence + 1 }), ErrSequence},
		"port 0":                 {resigned(at("10.0.0.1:0")), ErrInvalid},
		"unspecified":            {resigned(at("0.0.0.0:4100")), ErrInvalid},
		"multicast":              {resigned(at("224.0.0.1:4100")), ErrInvalid},
		"mapped":                 {resigned(at("[::ffff:10.0.0.1]:4100")), ErrInvalid},
		"lifetime 0":             {resigned(func(p *rpc.Provider) { p.Lifetime = 0 }), ErrInvalid},
		"over a day":             {resigned(func(p *rpc.Provider) { p.Lifetime = 86_401 }), ErrInvalid},
		"other lifetime":         {alter(func(p *rpc.Provider) { p.Lifetime-- }), ErrBadSignature},
		"described":              {resigned(func(p *rpc.Provider) { p.Description = make([]byte, rpc.MaxDescription) }), nil},
		"too long a description": {resigned(func(p *rpc.Provider) { p.Description = make([]byte, rpc.MaxDescription+1) }), ErrTooLarge},
		"other description":      {alter(func(p *rpc.Provider) { p.Description = []byte("x") }), ErrBadSignature},
		"withdrawn":              {resigned(func(p *rpc.Provider) { p.Withdrawn = true }), nil},
		"withdrawn by another":   {alter(func(p *rpc.Provider) { p.Withdrawn = true }), ErrBadSignature},
		"small order":            {alter(func(p *rpc.Provider) { p.Peer.ID = identity.ID{1} }), ErrInvalid},
		"broadcast":              {resigned(at("255.255.255.255:4100")), ErrInvalid},
		"no address":             {alter(func(p *rpc.Provider) { p.Peer.Endpoint = zeroAddrPort }), ErrInvalid},
	} {
		if err := n.VerifyProvider(c.p); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// The signed bytes, which other implementations must sign too.
func TestSignedText(t *testing.T) {
	got := signedText(recordDomain, "net", []byte("/v/k"), 0x0102)
	want := "kadmium record v1" + "\x00\x03net" + "\x00\x04/v/k" + "\x00\x00\x00\x00\x00\x00\x01\x02"
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if strings.HasPrefix(recordDomain, providerDomain) || strings.HasPrefix(providerDomain, recordDomain) {
		t.Error("one domain is the start of the other")
	}
}

func TestRegister(t *testing.T) {
	n, v := withLongest()
	for _, name := range []string{"", "a/b", "v", "imm", "sig", "pk", "long"} {
		if err := n.Register(name, v); !errors.Is(err, ErrBadNamespace) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := n.Register("new", nil); !errors.Is(err, ErrBadNamespace) {
		t.Error(err)
	}
	for key, want := range map[string]bool{"/long/a": true, "/sig/a/b": true, "/v/a": false, "/imm/a": false, "/pk/a": false, "": false, "/x/a": false} {
		if n.Costly([]byte(key)) != want {
			t.Errorf("costly %q: %v", key, !want)
		}
	}
	id := testKey(3).ID()
	if got, ok := n.Publisher([]byte("/sig/" + id.String() + "/a")); !ok || got != id {
		t.Errorf("publisher %v, %v", got, ok)
	}
	for _, key := range []string{"/v/a", "/sig/x/a", "/pk/" + id.String(), ""} {
		if _, ok := n.Publisher([]byte(key)); ok {
			t.Errorf("%q has a publisher", key)
		}
	}
}

// Whatever the order of arrival, all holders end up with one record.
func TestBetterIsATotalOrder(t *testing.T) {
	n, _ := withLongest()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"/v/a", "/sig/x/a", "/long/a"}).Draw(t, "key")
		record := rapid.Custom(func(t *rapid.T) *rpc.Record {
			return blackboardRecord(key, rapid.StringMatching(`[ab]{0,3}`).Draw(t, "value"), rapid.Uint64Range(0, 3).Draw(t, "sequence"), time.Hour)
		})
		a, b, c := record.Draw(t, "a"), record.Draw(t, "b"), record.Draw(t, "c")
		if sign(n.Better(a, b)) != -sign(n.Better(b, a)) {
			t.Fatalf("%v and %v: %d and %d", a, b, n.Better(a, b), n.Better(b, a))
		}
		same := a.Sequence == b.Sequence && bytes.Equal(a.Value, b.Value)
		if (n.Better(a, b) == 0) != same {
			t.Fatalf("%v and %v: %d", a, b, n.Better(a, b))
		}
		if key != "/long/a" && n.Better(a, b) > 0 && n.Better(b, c) > 0 && n.Better(a, c) <= 0 {
			t.Fatalf("%v, %v, %v go in a circle", a, b, c)
		}
	})
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

func TestWhoWins(t *testing.T) {
	n, _ := withLongest()
	better := func(key, a string, seqA uint64, b string, seqB uint64) int {
		return sign(n.Better(blackboardRecord(key, a, seqA, 0), blackboardRecord(key, b, seqB, 0)))
	}
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"higher sequence", better("/v/a", "a", 2, "b", 1), 1},
		{"then greater bytes", better("/v/a", "a", 1, "b", 1), -1},
		{"the same", better("/v/a", "a", 1, "a", 1), 0},
		{"determined by the key", better("/imm/x", "a", 1, "a", 5), 0},
		{"public keys too", better("/pk/x", "a", 1, "a", 5), 0},
		{"Select before sequence", better("/long/a", "aaa", 1, "b", 9), 1},
		{"sequence breaks Select's ties", better("/long/a", "a", 2, "b", 1), 1},
		{"then bytes", better("/long/a", "a", 1, "b", 1), -1},
		{"a failing Select counts for nothing", better("/long/a", "", 2, "b", 1), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
		}
	}
}

// Some values expire by themselves (IPNS): their validator says so later.
func TestARecordThatBecameInvalid(t *testing.T) {
	f := newFixture(t, Config{})
	names, v := withLongest()
	f.names = names
	f.restart()
	f.want(f.put(blackboardRecord("/long/a", "soon old", 1, 24*time.Hour), 0), rpc.OK)
	f.want(f.value("/long/a"), "soon old")
	v.refuse["soon old"] = true
	f.now = f.now.Add(time.Hour)
	f.want(f.value("/long/a"), "")
	f.want(f.NextExpiry(), f.now)
	f.want(f.expire(), 1)
	f.want(len(f.journal), 0)
}

// A record of another network, or of a namespace that is no longer registered, is not
// returned after a restart, and is removed from the journal.
func TestRestartWithOtherNamespaces(t *testing.T) {
	f := newFixture(t, Config{CheckLoaded: true})
	f.names, _ = withLongest()
	f.restart()
	f.want(f.put(blackboardRecord("/long/a", "x", 1, 24*time.Hour), 0), rpc.OK)
	r := &rpc.Record{Key: fmt.Appendf(nil, "/sig/%s/a", testKey(1).ID()), Value: []byte("x"), TTL: time.Hour}
	SignRecord(testKey(1), network, r)
	f.want(f.put(r, 0), rpc.OK)
	f.want(f.provide(providerEntry(1, "k", 1, 4100, time.Hour), 0), rpc.OK)
	f.names = NewNamespaces("elsewhere")
	f.restart()
	f.want(f.value("/long/a"), "")
	f.want(f.value(string(r.Key)), "")
	f.want(len(f.AllProviders(f.now, []byte("k"), nil)), 0)
	f.want(f.expire(), 3)
	f.want(len(f.journal), 0)
}

// docs/wire.md, section 8, and docs/design.md have a row for each built-in namespace.
func TestDocumentsHaveTheNamespaces(t *testing.T) {
	for _, file := range []string{"../docs/wire.md", "../docs/design.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var documented []string
		for _, m := range regexp.MustCompile("(?m)^\\| `/([a-z]+)/").FindAllSubmatch(text, -1) {
			documented = append(documented, string(m[1]))
		}
		var known []string
		for i := range builtins {
			known = append(known, builtins[i].name)
		}
		if !slices.Equal(documented, known) {
			t.Errorf("%s has namespaces %q, want %q", file, documented, known)
		}
	}
}
