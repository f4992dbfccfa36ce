package driver

import (
	"encoding/binary"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/peerbook"
)

// A list of peers is hashed and ordered without the mutex: whoever else needs it waits for
// a part of the time only.
func TestPeersLeaveTheMutex(t *testing.T) {
	d := start(t, Config{})
	d.mu.Lock()
	for i := range peerbook.MaxNotes {
		var id identity.ID
		binary.BigEndian.PutUint64(id[:], uint64(i)*0x9e3779b97f4a7c15)
		if err := d.notes.Set(id, "n", []byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	d.mu.Unlock()
	var whole, longest time.Duration
	for range 300 { // on a busy machine either goroutine may be held up in any one of them
		longest = 0
		took := make(chan time.Duration)
		go func() {
			began := time.Now()
			if got := len(d.Peers()); got != peerbook.MaxNotes {
				t.Errorf("%d peers", got)
			}
			took <- time.Since(began)
		}()
		for done := false; !done; {
			began := time.Now()
			d.mu.Lock()
			waited := time.Since(began)
			d.mu.Unlock()
			longest = max(longest, waited)
			select {
			case whole = <-took:
				done = true
			default:
			}
		}
		if longest < whole/2 {
			return
		}
	}
	t.Errorf("the mutex was taken for %v of %v", longest, whole)
}

// The IDs of peers are those of the list.
func TestPeerIDs(t *testing.T) {
	first := start(t, Config{})
	d := start(t, Config{}, first)
	d.mu.Lock()
	err := d.notes.Set(identity.ID{1}, "n", []byte("text"))
	d.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	want := map[identity.ID]bool{}
	for _, p := range d.Peers() {
		want[p.ID] = true
	}
	got := d.PeerIDs()
	for _, id := range got {
		if !want[id] {
			t.Errorf("%v is in no list", id)
		}
	}
	if len(got) != len(want) || len(got) != 2 {
		t.Errorf("%d IDs of %d peers", len(got), len(want))
	}
}
