package kadmium

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"kadmium/identity"
)

// Everything a node returns goes through JSON and back unchanged: the command's
// control socket hands it on.
func TestResultsSurviveJSON(t *testing.T) {
	ctx := t.Context()
	one := start(t, Config{})
	two := start(t, Config{}, one)
	two.Handle("echo", echoPayload)
	events := one.Events(ctx)
	results := make(map[string]any)
	keep := func(name string, result any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		results[name] = result
	}
	pong, err := one.Ping(ctx, two.Addresses()[0])
	keep("Pong", pong, err)
	found, err := one.FindPeer(ctx, two.ID())
	keep("Found", found, err)
	closest, err := one.Closest(ctx, identity.KeyPosition([]byte("k")))
	keep("Closest", closest, err)
	stored, err := one.Put(ctx, "/v/k", []byte{0, 255}, PutOptions{})
	keep("Stored", stored, err)
	value, err := two.Get(ctx, "/v/k", GetOptions{Quorum: 2})
	keep("Value", value, err)
	reply, err := one.Send(ctx, identity.Address{ID: two.ID()}, "echo", []byte("x"))
	keep("Reply", reply, err)
	provided, err := one.Provide(ctx, "song")
	keep("Provided", provided, err)
	for provider, err := range two.Providers(ctx, "song", ProvidersOptions{}) {
		keep("Provider", provider, err)
	}
	keep("Event", <-events, nil)
	keep("Table", one.Table(), nil)
	keep("Peers", one.Peers(), nil)
	keep("Stats", one.Stats(), nil)
	for _, failed := range []any{Pong{}, Found{}, Closest{}, Stored{}, Value{}, Reply{}} {
		keep(fmt.Sprintf("failed %T", failed), failed, nil)
	}

	for name, result := range results {
		text, err := json.Marshal(result)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back := reflect.New(reflect.TypeOf(result))
		if err := json.Unmarshal(text, back.Interface()); err != nil {
			t.Errorf("%s: %v in %s", name, err, text)
			continue
		}
		again, err := json.Marshal(back.Elem().Interface())
		if err != nil || !bytes.Equal(text, again) {
			t.Errorf("%s: %s became %s, %v", name, text, again, err)
		}
	}
}
