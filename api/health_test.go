package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A quiet network that is asked seldom is ready each time, by its metrics and by /readyz.
// Once it is cut off it is not, a minute later.
func TestReadyWhenAskedSeldom(t *testing.T) {
	for _, c := range []struct {
		path, ready, not string
		every            time.Duration
	}{
		{"/metrics", "\nkad_ready 1\n", "\nkad_ready 0\n", time.Minute},
		{"/metrics", "\nkad_ready 1\n", "\nkad_ready 0\n", 5 * time.Minute},
		{"/readyz", `"ready":true`, `"ready":false`, time.Minute},
		{"/readyz", `"ready":true`, `"ready":false`, 5 * time.Minute},
	} {
		t.Run(fmt.Sprint(c.path[1:], " every ", Short(c.every)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nodes, network := inMemory(t, 6)
				client, stop := NewServer(nil, nodes[3]).Local(t.Context())
				defer stop()
				defer client.Close()
				get := func() string {
					return (&served{t: t, http: client.http, host: "kad"}).send("GET", c.path, "").body
				}
				began := time.Now()
				for time.Since(began) < time.Hour {
					if body := get(); !strings.Contains(body, c.ready) {
						t.Errorf("after %s it lacks %q", time.Since(began), c.ready)
					}
					time.Sleep(c.every)
				}
				get()
				network.Partition(func(netip.Addr, netip.Addr) bool { return true })
				time.Sleep(time.Minute)
				if body := get(); !strings.Contains(body, c.not) {
					t.Errorf("a minute after it was cut off it lacks %q", c.not)
				}
			})
		})
	}
}

// However many ask at once whether a node is ready, its network has 3 PINGs in 15 s to bear,
// and all are told the same.
func TestReadyAskedOverHTTPByManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 6)
		n := nodes[3]
		client, stop := NewServer(nil, n).Local(t.Context())
		defer stop()
		defer client.Close()
		all := func(path string) (told []int) {
			var mu sync.Mutex
			var asking sync.WaitGroup
			for range 50 {
				asking.Go(func() {
					r := (&served{t: t, http: client.http, host: "kad"}).send("GET", path, "")
					mu.Lock()
					defer mu.Unlock()
					told = append(told, r.StatusCode)
				})
			}
			asking.Wait()
			return slices.Compact(told)
		}
		rounds := func(want int) {
			t.Helper()
			began, before := time.Now(), n.Stats().Counters["ready.probes"]
			for range 20 {
				ready, healthy := all("/readyz"), all("/healthz")
				if !slices.Equal(ready, []int{want}) || !slices.Equal(healthy, []int{http.StatusOK}) {
					t.Errorf("after %s: %v are told of readiness, %v of health", time.Since(began), ready, healthy)
				}
				time.Sleep(3 * time.Second)
			}
			sent, most := n.Stats().Counters["ready.probes"]-before, 3*(1+uint64(time.Since(began)/(15*time.Second)))
			if sent > most {
				t.Errorf("%d PINGs in %s", sent, time.Since(began))
			}
		}
		time.Sleep(10 * time.Minute)
		rounds(http.StatusOK)
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		time.Sleep(time.Minute)
		rounds(http.StatusServiceUnavailable)
	})
}
