package kadmium

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A node says what it holds for others and until when, what expires first at the head.
func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, Config{Mode: Server})
		n := on(t, network, 9, Config{Mode: Server}, first)
		if got := n.Held(10); got == nil || len(got) != 0 {
			t.Errorf("a new node holds %#v", got)
		}
		if _, err := first.Provide(t.Context(), "file\xff"); err != nil {
			t.Fatal(err)
		}
		if _, err := first.Put(t.Context(), "/v/k", []byte("four"), PutOptions{TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
		all := n.Held(10)
		if len(all) != 2 || all[0].Key != "/v/k" || all[0].Kind != PublishedRecord || all[0].Bytes != 4 || all[0].Sequence != 1 ||
			all[1].Key != "file\xff" || all[1].Kind != PublishedProvider || all[0].Copy ||
			!all[0].Provider.IsZero() || all[1].Provider != first.ID() {
			t.Fatalf("it holds %+v", all)
		}
		if left := time.Until(all[0].Expires); left > time.Hour || left < 59*time.Minute {
			t.Errorf("the record lives for another %v", left)
		}
		if got := n.Held(1); len(got) != 1 || got[0].Key != "/v/k" {
			t.Errorf("the first to expire: %+v", got)
		}
		time.Sleep(2 * time.Hour)
		if got := n.Held(10); len(got) != 1 || got[0].Kind != PublishedProvider {
			t.Errorf("after the record's end it holds %+v", got)
		}
	})
}

// A value that the node holds is had without asking anybody, as Get has it; not once the
// node has closed or the value has expired.
func TestGetHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := on(t, memnet.New(1, memnet.Conditions{}), 1, Config{Mode: Server})
		if _, ok := n.GetHeld("/v/x", GetOptions{Quorum: 1}); ok {
			t.Error("it holds what nobody put")
		}
		if _, err := n.Put(t.Context(), "/v/x", []byte("value"), PutOptions{TTL: time.Hour, Ephemeral: true}); err != nil {
			t.Fatal(err)
		}
		held, ok := n.GetHeld("/v/x", GetOptions{Quorum: 1})
		got, err := n.Get(t.Context(), "/v/x", GetOptions{Quorum: 1})
		if !ok || err != nil || !reflect.DeepEqual(held, got) || string(held.Value) != "value" || held.Answers != 1 || held.Lookup.Reason != HeldHere || held.From != n.ID() {
			t.Errorf("held %+v, %t; got %+v, %v", held, ok, got, err)
		}
		held.Value[0] = 'V'
		if again, _ := n.GetHeld("/v/x", GetOptions{Quorum: 1}); string(again.Value) != "value" {
			t.Errorf("its caller changed it: %q", again.Value)
		}
		time.Sleep(time.Hour)
		if _, ok := n.GetHeld("/v/x", GetOptions{Quorum: 1}); ok {
			t.Error("it holds what has expired")
		}
		if _, err := n.Put(t.Context(), "/v/x", nil, PutOptions{}); err != nil {
			t.Fatal(err)
		}
		n.Close()
		if _, ok := n.GetHeld("/v/x", GetOptions{Quorum: 1}); ok {
			t.Error("it is closed")
		}
		if _, err := n.Get(t.Context(), "/v/x", GetOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("get of a closed node: %v", err)
		}
	})
}
