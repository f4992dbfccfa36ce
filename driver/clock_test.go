package driver

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/transport/memnet"
)

// The machine sleeps for 26 h: time asleep counts for lifetimes and due times. What has
// expired is not given out, what is overdue is done, contacts are greeted, and sessions
// begin anew.
func TestMachineSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, engine.Server)
		var asleep atomic.Int64
		d := start(t, Config{
			Listen:       []string{netip.AddrPortFrom(publicIP(2), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
			Engine:       engine.Config{Mode: engine.Server},
			Asleep:       func() time.Duration { return time.Duration(asleep.Load()) },
		}, first)
		for key, ttl := range map[string]time.Duration{"/v/short": 2 * time.Hour, "/v/published": 24 * time.Hour} {
			if err := putFor(t.Context(), d, key, ttl); err != nil {
				t.Fatal(err)
			}
		}
		asleep.Store(int64(26 * time.Hour))
		contacts := d.Stats().Wire.In["first response"].Datagrams
		time.Sleep(heartbeat)
		if r, ok := held(d, "/v/short"); ok {
			t.Errorf("after 26 h a record with a lifetime of 2 h has %s to live", r)
		}
		time.Sleep(10 * time.Second)
		stats := d.Stats()
		c := stats.Engine.Counters
		if c.Expired == 0 || c.Republishes == 0 || c.Resumes != 1 {
			t.Errorf("%d expired, %d published again, %d greetings; want some, some, 1", c.Expired, c.Republishes, c.Resumes)
		}
		if stats.Wire.In["first response"].Datagrams == contacts {
			t.Error("the sessions go on")
		}
		if left, ok := held(d, "/v/published"); !ok || left < 23*time.Hour {
			t.Errorf("what is published again has %s to live", left)
		}
	})
}

func putFor(ctx context.Context, d *Driver, key string, ttl time.Duration) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Put(now, op, engine.PutQuery{Key: []byte(key), Value: []byte("x"), TTL: ttl}, fx)
		},
	})
}

// held is the remaining lifetime of a record that the driver holds.
func held(d *Driver, key string) (left time.Duration, ok bool) {
	now := d.now()
	d.View(func(e *engine.Engine) {
		r, has := e.Store().Get(now, []byte(key))
		if ok = has; has {
			left = r.TTL
		}
	})
	return left, ok
}

// The clock has no steps, and tells what the wall clock shows.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asleep := time.Hour
		c := newClock(time.Now, func() time.Duration { return asleep }, nil)
		begun := time.Now()
		for range 3 {
			asleep += time.Hour
			time.Sleep(heartbeat)
		}
		want := time.Since(begun) + 3*time.Hour
		if got := c.Now().Sub(begun.Round(0)); got != want {
			t.Errorf("%s have passed, want %s", got, want)
		}
		asleep = 0 // a clock that goes wrong
		time.Sleep(heartbeat)
		if got := c.Now().Sub(begun.Round(0)); got != want+heartbeat {
			t.Errorf("%s have passed, want %s", got, want+heartbeat)
		}
		if got := c.wallAhead(); got != -3*time.Hour {
			t.Errorf("the wall clock is %s ahead", got)
		}
	})
}
