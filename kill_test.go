package kadmium

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"kadmium/identity"
)

// What a node acknowledged over the wire is there after kill -9, at whatever
// moment it came. The node is this test binary, which finds KADMIUM_TEST_NODE set.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	if dir := os.Getenv("KADMIUM_TEST_NODE"); dir != "" {
		n, err := New(Config{DataDir: dir, Listen: []string{"127.0.0.1:0"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(n.Addresses()[0])
		select {}
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(7, 7))
	kept := make(map[string]string)
	var peer identity.ID
	for round := range 4 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAcknowledgedSurvivesKill$")
		child.Env = append(os.Environ(), "KADMIUM_TEST_NODE="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		line, _, err := bufio.NewReader(out).ReadLine()
		if err != nil {
			t.Fatal(err)
		}
		at, err := identity.ParseAddress(string(line))
		if err != nil {
			t.Fatal(err)
		}
		if round > 0 && at.ID != peer {
			t.Errorf("round %d: peer %v, before %v", round, at.ID, peer)
		}
		peer = at.ID
		putUntilKilled(t, child, at, round, 20+rnd.IntN(200), kept)
	}

	again := start(t, Config{DataDir: dir})
	if again.ID() != peer {
		t.Errorf("peer %v, before %v", again.ID(), peer)
	}
	for key, want := range kept {
		if got, err := again.Get(t.Context(), key, GetOptions{}); err != nil || string(got.Value) != want {
			t.Errorf("%s was acknowledged with %q; now %q, %v", key, want, got.Value, err)
		}
	}
	t.Logf("%d records acknowledged and found", len(kept))
}

// putUntilKilled stores records at the child, kills it after so many were
// acknowledged, with others under way, and notes them in kept.
func putUntilKilled(t *testing.T, child *exec.Cmd, at identity.Address, round, after int, kept map[string]string) {
	client := start(t, Config{Mode: Client, Bootstrap: []string{at.String()}})
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	var work sync.WaitGroup
	acknowledged := 0
	for w := range 4 {
		work.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				// Half of the keys are written again and again.
				key, value := fmt.Sprintf("/v/%d/%d", w, i%10), fmt.Sprintf("round %d, %d", round, i)
				if i%2 == 0 {
					key = fmt.Sprintf("/v/%d/%d/%d", w, round, i)
				}
				stored, err := client.Put(ctx, key, []byte(value), PutOptions{Ephemeral: true})
				mu.Lock()
				if err != nil {
					delete(kept, key) // it may have been stored or not
				} else if kept[key] = value; stored.Holders != 1 {
					t.Errorf("%s has %d holders", key, stored.Holders)
				}
				if acknowledged++; acknowledged == after {
					child.Process.Kill()
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	child.Wait()
}
