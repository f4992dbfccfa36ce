package kadmium

import (
	"encoding/json"
	"slices"
	"testing"
)

// Any bytes are a key and a value: over the network, over a restart, and in events.
func TestKeysAreBytes(t *testing.T) {
	dir := t.TempDir()
	one := start(t, Config{DataDir: dir})
	two := start(t, Config{Mode: Client}, one)
	events := one.Events(t.Context())
	keys := []string{"/v/a\xff", "/v/a\xfe", "/v/a\ufffd", "/v/a\x00", "/v/\xed\xa0\x80", "/v/a/\n\xc3"}
	for _, key := range keys {
		if _, err := two.Put(t.Context(), key, []byte("\xff\x00"+key), PutOptions{}); err != nil {
			t.Errorf("put %q: %v", key, err)
		}
		if _, err := one.Provide(t.Context(), key); err != nil {
			t.Errorf("provide %q: %v", key, err)
		}
	}
	var stored []string
	for len(stored) < len(keys) {
		e, ok := <-events
		if !ok {
			t.Fatal("the events have ended")
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var read Event
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "record stored" {
			stored = append(stored, read.Key)
		}
	}
	if !slices.Equal(stored, keys) {
		t.Errorf("events of %q, want %q", stored, keys)
	}
	one.Close()
	one = start(t, Config{DataDir: dir})
	two = start(t, Config{Mode: Client}, one)
	for _, key := range keys {
		if got, err := two.Get(t.Context(), key, GetOptions{}); err != nil || got.Key != key || string(got.Value) != "\xff\x00"+key {
			t.Errorf("get %q: %q %q, %v", key, got.Key, got.Value, err)
		}
		count := 0
		for p, err := range two.Providers(t.Context(), key, ProvidersOptions{}) {
			if count++; err != nil || p.Peer != one.ID() {
				t.Errorf("providers of %q: %+v, %v", key, p, err)
			}
		}
		if count != 1 {
			t.Errorf("%d providers of %q", count, key)
		}
	}
}
