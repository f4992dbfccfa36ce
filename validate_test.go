package kadmium

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
)

// evenLength is a user's namespace: values of even length, the longest is best.
type evenLength struct{}

var errOdd = errors.New("odd length")

func (evenLength) Validate(_ string, value []byte) error {
	if len(value)%2 != 0 {
		return errOdd
	}
	return nil
}

func (evenLength) Select(_ string, values [][]byte) (int, error) {
	best := 0
	for i, v := range values {
		if len(v) > len(values[best]) {
			best = i
		}
	}
	return best, nil
}

func TestNamespaces(t *testing.T) {
	cfg := Config{Namespaces: map[string]Validator{"even": evenLength{}}}
	one := start(t, cfg)
	two := start(t, cfg, one)
	sum := sha256.Sum256([]byte("fixed"))
	own := "/sig/" + one.ID().String() + "/name"
	for _, c := range []struct {
		key, value string
		want       error
	}{
		{"/v/a", "x", nil},
		{"/imm/" + hex.EncodeToString(sum[:]), "fixed", nil},
		{"/imm/" + hex.EncodeToString(sum[:]), "other", ErrInvalid},
		{own, "mine", nil},
		{"/sig/" + two.ID().String() + "/name", "not mine", ErrInvalid},
		{"/even/a", "four", nil},
		{"/even/a", "odd", errOdd},
		{"/nowhere/a", "x", ErrUnknownNamespace},
		{"", "x", ErrEmptyKey},
		{"/v/" + string(bytes.Repeat([]byte("k"), 510)), "x", ErrTooLarge},
		{"/v/a", string(make([]byte, 1000)), ErrTooLarge},
	} {
		_, err := one.Put(t.Context(), c.key, []byte(c.value), PutOptions{})
		if !errors.Is(err, c.want) {
			t.Errorf("put %q: %v, want %v", c.key, err, c.want)
			continue
		}
		if c.want != nil {
			continue
		}
		got, err := two.Get(t.Context(), c.key, GetOptions{Quorum: 2})
		if err != nil || string(got.Value) != c.value {
			t.Errorf("get %q: %q, %v", c.key, got.Value, err)
		}
	}
	got, err := two.Get(t.Context(), own, GetOptions{})
	if err != nil || got.Publisher != one.ID() {
		t.Errorf("get %s: publisher %v, %v", own, got.Publisher, err)
	}
}

// The namespace, not the sequence, says who wins in a user's namespace.
func TestSelectDecides(t *testing.T) {
	cfg := Config{Namespaces: map[string]Validator{"even": evenLength{}}}
	one := start(t, cfg)
	two := start(t, cfg, one)
	for _, value := range []string{"longer", "ab"} {
		one.Put(t.Context(), "/even/k", []byte(value), PutOptions{})
	}
	if got, err := two.Get(t.Context(), "/even/k", GetOptions{Quorum: 2}); err != nil || string(got.Value) != "longer" {
		t.Errorf("Get: %q, %v", got.Value, err)
	}
}
