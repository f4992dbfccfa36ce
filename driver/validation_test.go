package driver

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
	"kadmium/transport/memnet"
)

// Messages over the bound on validations are dropped and counted.
func TestValidationsAreBounded(t *testing.T) {
	n := start(t, Config{})
	n.mu.Lock()
	n.validations.workers = runtime.GOMAXPROCS(0) // all are busy
	for range maxValidations + 3 {
		n.enqueueValidation(&arrival{})
	}
	n.validations.waiting, n.validations.workers = nil, 0
	n.mu.Unlock()
	if dropped := n.Stats().ValidationsDropped; dropped != 3 {
		t.Errorf("%d dropped, want 3", dropped)
	}
}

// A write that found no room to be checked was as good as lost: its retry is kept.
func TestWriteOverTheBoundIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, engine.Server)
		two := on(t, network, 2, engine.Client, one)
		one.mu.Lock()
		one.validations.workers = runtime.GOMAXPROCS(0) // all are busy
		for range maxValidations {
			one.enqueueValidation(&arrival{Inbound: engine.Inbound{Message: new(rpc.Message)}})
		}
		one.mu.Unlock()
		stored := make(chan error)
		go func() {
			stored <- put(t.Context(), two, "/sig/"+two.ID().String()+"/x", "y")
		}()
		for one.Stats().ValidationsDropped == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		one.mu.Lock()
		one.validations.waiting, one.validations.workers = nil, 0
		one.mu.Unlock()
		if err := <-stored; err != nil {
			t.Errorf("Put: %v", err)
		}
	})
}

// Of the providers in an answer only those are left that signed their entries,
// for this key and this network.
func TestForgedProvidersAreRemoved(t *testing.T) {
	n := start(t, Config{})
	key := identity.KeyFromSeed([32]byte{1})
	entry := func(name, network string) rpc.Provider {
		p := rpc.Provider{Key: []byte(name), Peer: n.Addresses()[0], TTL: time.Hour, Lifetime: 3600}
		store.SignProvider(key, network, &p)
		p.Key = nil // an answer leaves it out
		return p
	}
	honest := entry("song", testNetwork)
	forged := honest
	forged.Peer.ID = n.ID()
	m := &rpc.Message{Type: rpc.GetProviders, Response: true, ID: 7, Providers: []rpc.Provider{
		forged, honest, entry("another", testNetwork), entry("song", "another"),
	}}
	n.mu.Lock()
	n.providerKeys[7] = []byte("song")
	n.setProviderKeys(m)
	n.mu.Unlock()
	n.validate(&arrival{Inbound: engine.Inbound{Message: m}})
	if len(m.Providers) != 1 || m.Providers[0].Peer.ID != key.ID() || string(m.Providers[0].Key) != "song" {
		t.Errorf("left are %+v", m.Providers)
	}
	if len(n.providerKeys) != 0 {
		t.Error("the key is still kept")
	}
}
