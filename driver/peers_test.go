package driver

import (
	"sync"
	"testing"
	"time"

	"kadmium/identity"
)

// A list of peers is hashed and ordered without the mutex: while that stands still, whoever
// else needs the mutex gets it.
func TestPeersLeaveTheMutex(t *testing.T) {
	d := start(t, Config{})
	d.mu.Lock()
	for i := range 3 {
		if err := d.notes.Set(identity.ID{byte(i + 1)}, "n", []byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	d.mu.Unlock()
	soon := time.After(10 * time.Second) // if all is well nothing waits for it
	hashing, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	d.position = func(id identity.ID) identity.Position {
		first.Do(func() {
			close(hashing)
			<-goOn
		})
		return id.Position()
	}
	listed := make(chan int, 1)
	go func() { listed <- len(d.Peers()) }()
	select {
	case <-hashing:
	case n := <-listed:
		t.Fatalf("%d peers were listed, and none was hashed where the test can stop it", n)
	case <-soon:
		t.Fatal("no peer is hashed")
	}
	ids := make(chan int, 1)
	go func() { ids <- len(d.PeerIDs()) }() // which takes the mutex
	select {
	case n := <-ids:
		if n != 3 {
			t.Errorf("%d IDs", n)
		}
	case <-soon:
		t.Error("the mutex is held while peers are hashed")
	}
	close(goOn)
	if n := <-listed; n != 3 {
		t.Errorf("%d peers", n)
	}
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
