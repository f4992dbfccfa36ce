package kadmium

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"kadmium/transport/memnet"
)

// Who has seen a newer signed value is told that an older one is stale, in Go and in JSON,
// and who has not is told nothing (design R6.41).
func TestStaleIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{})
		publisher := on(t, network, 1, Config{Mode: Server})
		second := on(t, network, 2, Config{Mode: Server}, publisher)
		behind := on(t, network, 3, Config{Mode: Server}, publisher)
		reader := on(t, network, 4, Config{Mode: Client}, publisher, second, behind)
		other := on(t, network, 5, Config{Mode: Client}, publisher, second, behind)
		cut := func(off ...int) {
			network.Partition(func(from, to netip.Addr) bool {
				for _, i := range off {
					if from == publicIP(i) || to == publicIP(i) {
						return true
					}
				}
				return false
			})
		}
		key := "/sig/" + publisher.ID().String() + "/x"
		put := func(value string) {
			if _, err := publisher.Put(t.Context(), key, []byte(value), PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		get := func(n *Node, want string, stale bool) {
			t.Helper()
			v, err := n.Get(t.Context(), key, GetOptions{NoStore: true})
			if err != nil || string(v.Value) != want || v.Lookup.Suspect.Stale != stale {
				t.Fatalf("got %q, suspect %+v, %v; want %q, stale %t", v.Value, v.Lookup.Suspect, err, want, stale)
			}
			if text, _ := json.Marshal(v); strings.Contains(string(text), `"suspect":{"stale":true}`) != stale {
				t.Errorf("as JSON %s", text)
			}
		}
		put("old")
		get(reader, "old", false)
		cut(3)
		put("new")
		get(reader, "new", false)
		cut(1, 2)
		get(reader, "old", true)
		get(other, "old", false)
		if got := reader.Stats().Counters["gets.stale"]; got != 1 {
			t.Errorf("gets.stale is %d, want 1", got)
		}
		cut()
		get(reader, "new", false)
	})
}
