package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
)

// Who has many networks reads no more than everybody together may.
func TestOpenReadsOfManyNetworks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := new(refusals)
		o, networks := newOpenReads(counts), 0
		read := func() error {
			networks++
			end, err := o.begin(&http.Request{RemoteAddr: fmt.Sprintf("20.%d.%d.1:1", networks>>8, networks&0xff)})
			if err == nil {
				end()
			}
			return err
		}
		for i := range openAllBurst {
			if err := read(); err != nil {
				t.Fatalf("read %d of everybody: %v", i+1, err)
			}
		}
		if err := read(); err == nil || !strings.Contains(err.Error(), "all who have no token") {
			t.Errorf("one more: %v", err)
		}
		time.Sleep(time.Second)
		served := 0
		for range 2 * openGroups { // each of a netgroup that is not remembered
			if read() == nil {
				served++
			}
		}
		if served != openAllRate {
			t.Errorf("%d a second", served)
		}
		if got := counts.allRate.Load(); got != 1+2*openGroups-openAllRate || counts.rate.Load() != 0 {
			t.Errorf("%d counted, and %d of one netgroup", got, counts.rate.Load())
		}
	})
}

// A read of somebody without the token, whatever its quorum, stores nothing at other nodes,
// and ends in time.
func TestOpenReadsChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 4)
		without := netip.MustParseAddr("20.0.0.2")
		network.Partition(func(from, to netip.Addr) bool { return from == without || to == without })
		if _, err := nodes[0].Put(t.Context(), "/v/x", []byte("value"), kadmium.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		network.Partition(nil)
		n := nodes[2]
		s, l, token := NewServer(nil, n), newPipes(), NewToken()
		defer s.ServeTCP(l, TCPConfig{Token: token, Open: true})()
		c := NewClient(l.dial)
		defer c.Close()
		get := func(query string, header ...string) exchanged {
			return (&served{t: t, http: c.http, host: "localhost"}).send("GET", "/v1/values/%2Fv%2Fx"+query, "", header...)
		}
		stores := func() uint64 {
			time.Sleep(time.Second)
			return n.Stats().Counters["requests.STORE"]
		}
		before := stores()
		get("?quorum=9").is(t, 200, "value")
		if got := stores(); got != before {
			t.Errorf("without the token: %d writes to other nodes", got-before)
		}
		get("?quorum=9", "Authorization", "Bearer "+token.Secret()).is(t, 200, "value")
		if stores() == before {
			t.Error("with it: nothing was repaired")
		}
		get("?timeout=30s").is(t, 200)
		get("?timeout=31s").is(t, 400, "from 1ns to 30s")
		get("?timeout=31s", "Authorization", "Bearer "+token.Secret()).is(t, 200)
	})
}
