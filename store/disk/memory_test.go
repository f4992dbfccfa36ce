package disk

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

var memory = flag.Bool("memory", false, "TestMemoryOfTheProcess: fill stores, and print what the process takes")

// What the process takes when a store of the default size is full and displaces.
func TestMemoryOfTheProcess(t *testing.T) {
	if !*memory {
		t.Skip("go test -v -run TestMemoryOfTheProcess ./store/disk -memory prints figures (Linux)")
	}
	for _, journalled := range []bool{false, true} {
		var j *Journal
		if journalled {
			j = open(t, t.TempDir())
		}
		s := store.New(store.Config{}, store.NewNamespaces("x"))
		rnd := rand.New(rand.NewPCG(1, 2))
		value := []byte(strings.Repeat("x", 900))
		for i := range 150_000 {
			source := i % 1000 // and then more of them, so that the new ones displace
			if i > 70_000 {
				source = i % 3000
			}
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(20 + source%200), byte(source >> 8), byte(source), 1}), 4100)
			r := &rpc.Record{Key: fmt.Appendf(nil, "/v/%032d", i), Value: value, Sequence: 1, TTL: 24 * time.Hour}
			status, changes := s.Put(time.Now(), r, identity.Address{Endpoint: at}.NetGroup(), nil, 0, rnd)
			switch {
			case j == nil || status != rpc.OK:
			case i%500 == 0:
				mustWrite(t, j, changes...)
			default:
				j.Write(changes, nil)
			}
		}
		t.Logf("journal %v: %+v; resident: %s", journalled, s.Stats(), resident())
		if j != nil {
			j.Close()
		}
		debug.FreeOSMemory()
	}
}

// resident is what the system says of the process's memory.
func resident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "Rss") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(lines, ", ")
}
