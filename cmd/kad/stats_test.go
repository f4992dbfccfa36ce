package main

import (
	"strings"
	"testing"
	"time"

	"kadmium"
	"kadmium/transport"
)

// The last block of plain stats is one table: each title once, one column for names,
// one for figures, none that is zero.
func TestDrawStats(t *testing.T) {
	var b strings.Builder
	s := kadmium.Stats{Gauges: map[string]int{"contacts.known": 2, "lookups": 0}, Counters: map[string]uint64{"joins": 1, "lookups": 10}}
	s.Wire.In = map[string]transport.Traffic{"first request": {Datagrams: 1, Bytes: 411}}
	new(app).drawStats(&b, s, time.Time{})
	_, block, _ := strings.Cut(b.String(), "due\n\n")
	const want = `now          contacts.known  2

since start  joins           1
             lookups         10

received     first request   1 datagram, 411 bytes
`
	if block != want {
		t.Errorf("drew:\n%s\nwant:\n%s", block, want)
	}
}
