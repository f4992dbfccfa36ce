package kadmium

import (
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// What a caller does to the notes that it was given changes nothing in the node.
func TestNotesAreTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := on(t, memnet.New(1, memnet.Conditions{}), 1, Config{})
		friend := identity.ID{1}
		given := []byte("Ann")
		if err := n.SetNote(t.Context(), friend, "name", given); err != nil {
			t.Fatal(err)
		}
		given[0] = 'x'
		info(t, n, friend).Notes["name"][0] = 'x'
		n.Peers()[0].Notes["name"][1] = 'x'
		if text, _ := n.Note(friend, "name"); string(text) != "Ann" {
			t.Errorf("the note is %q", text)
		} else {
			text[2] = 'x'
		}
		if text, _ := n.Note(friend, "name"); string(text) != "Ann" {
			t.Errorf("the note is %q", text)
		}
	})
}

// That the file has another format from its first note on is logged when that note is
// written, and never again.
func TestFirstNoteIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{})
		log, to := logTo(slog.LevelInfo)
		const message = "the first note changes the data file's format: releases that know no notes refuse it from now on"
		cfg := Config{DataDir: t.TempDir(), Logger: to}
		for i := range 2 {
			n := on(t, network, 1+i, cfg)
			for range 3 {
				for _, text := range [][]byte{nil, []byte("Ann"), nil} {
					if err := n.SetNote(t.Context(), identity.ID{1}, "name", text); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(2 * time.Minute)
			}
			n.Close()
			wantLine(t, log, message, "level=INFO", "file=")
		}
	})
}

// What a peer has said that it handles is no answer once it has left or is silent.
func TestSupportsOfPeersThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		n := on(t, network, 1, Config{Mode: Server})
		peer := on(t, network, 2, Config{Mode: Server, Handlers: map[string]Handler{"/chat/1": echoPayload}}, n)
		if got, err := n.Supports(t.Context(), peer.ID(), "/chat/1"); err != nil || len(got.Handled) != 1 {
			t.Fatal(got, err)
		}
		peer.Close()
		time.Sleep(time.Second)
		if p := info(t, n, peer.ID()); !p.Left {
			t.Fatalf("%+v", p)
		}
		if got, err := n.Supports(t.Context(), peer.ID(), "/chat/1"); err == nil {
			t.Errorf("one that has left: %+v", got)
		}
		silent := on(t, network, 3, Config{Mode: Server, Handlers: map[string]Handler{"/chat/1": echoPayload}}, n)
		if got, err := n.Supports(t.Context(), silent.ID(), "/chat/1"); err != nil || len(got.Handled) != 1 {
			t.Fatal(got, err)
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		_, _ = n.Ping(t.Context(), silent.Addresses()[0])
		if p := info(t, n, silent.ID()); !p.Failing {
			t.Fatalf("%+v", p)
		}
		if got, err := n.Supports(t.Context(), silent.ID(), "/chat/1"); err == nil {
			t.Errorf("one that is silent: %+v", got)
		}
		network.Partition(nil)
		if got, err := n.Supports(t.Context(), silent.ID(), "/chat/1"); err != nil || len(got.Handled) != 1 {
			t.Errorf("one that is back: %+v, %v", got, err)
		}
	})
}
