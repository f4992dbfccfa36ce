package rpc

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"kadmium/identity"
)

func TestPackedContact(t *testing.T) {
	key := "9e3b433cbd31c2b8a6ebbdca998bd0f4c2141c9c9af5422e976051b1e63af14d"
	id := identity.ID(unhex(t, key))
	for _, c := range []struct{ address, want string }{
		{"203.0.113.7:4100", key + "04" + "cb007107" + "1004"},
		{"[2001:db8::7]:4100", key + "06" + "20010db8000000000000000000000007" + "1004"},
	} {
		a, err := identity.ParseAddress(c.address)
		if err != nil {
			t.Fatal(err)
		}
		a.ID = id
		packed := AppendContact(nil, a)
		if hex.EncodeToString(packed) != c.want || ContactSize(a.Endpoint) != len(packed) {
			t.Errorf("%s: %x, want %s of %d bytes", c.address, packed, c.want, ContactSize(a.Endpoint))
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A contact has one encoding: what is read is what was written, and no other bytes are
// read as the same contact.
func TestContactsHaveOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyAddress().Draw(t, "address")
		rest := rapid.SliceOf(rapid.Byte()).Draw(t, "what follows")
		packed := AppendContact(nil, want)
		got, left, ok := cutContact(append(packed, rest...))
		if !ok || got != want || !bytes.Equal(left, rest) {
			t.Errorf("%v became %v, %v, followed by %x", want, got, ok, left)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "bytes")
		if len(b) > 32 {
			b[32] = rapid.SampledFrom([]byte{4, 6, b[32]}).Draw(t, "family")
		}
		if a, rest, ok := cutContact(b); ok && !bytes.Equal(append(AppendContact(nil, a), rest...), b) {
			t.Errorf("%x was read as %v, which is %x", b, a, AppendContact(nil, a))
		}
	})
}
