package driver

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/transport/memnet"
)

// A machine is what a driver sees of its clocks.
type machine struct {
	boot string
	wall atomic.Int64 // by how much its wall clock is wrong
	data string
}

func (m *machine) start(t *testing.T) *Driver {
	t.Helper()
	network := memnet.New(1, memnet.Conditions{})
	conn, err := network.Listen(netip.AddrPortFrom(publicIP(1), 4100))
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Config{
		Conns:   []net.PacketConn{conn},
		Engine:  engine.Config{Mode: engine.Server},
		DataDir: m.data,
		Wall:    func() time.Time { return time.Now().Round(0).Add(time.Duration(m.wall.Load())) },
		Boot:    func() (string, time.Duration) { return m.boot, time.Since(epoch) },
	})
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when a synctest bubble begins

// restart stops the driver, and starts it after an hour, with another boot and clock if
// told.
func (m *machine) restart(t *testing.T, d *Driver, boot string, wrong time.Duration) *Driver {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Hour)
	m.boot = boot
	m.wall.Store(int64(wrong))
	return m.start(t)
}

// A node starts on its data directory while the wall clock is 30 days behind or 8 h ahead,
// which is then corrected: lifetimes go by what has passed, never grow, and what a clock
// that was ahead has ended comes back.
func TestWrongClockAtStart(t *testing.T) {
	const month, hour = 30 * 24 * time.Hour, time.Hour
	for _, c := range []struct {
		name     string
		ttl      time.Duration
		boot     string
		wrong    time.Duration
		left     time.Duration // after the restart; 0: not served
		then     time.Duration // after the correction
		reversed bool          // no correction comes for an hour
	}{
		{"same boot, 30 days behind", 24 * hour, "a", -month, 23 * hour, 23 * hour, false},
		{"same boot, 8 h ahead", 5 * hour, "a", 8 * hour, 4 * hour, 4 * hour, false},
		{"30 days behind", 24 * hour, "b", -month, 24 * hour, 24 * hour, false},
		{"right", 24 * hour, "b", 0, 23 * hour, 23 * hour, false},
		{"8 h ahead", 5 * hour, "b", 8 * hour, 0, 4 * hour, false},
		{"8 h ahead, enough left", 24 * hour, "b", 8 * hour, 15 * hour, 23 * hour, false},
		{"8 h ahead, for longer than an hour", 5 * hour, "b", 8 * hour, 0, 0, true},
		{"the boot is not known", 5 * hour, "", 8 * hour, 0, 4 * hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &machine{boot: "a", data: t.TempDir()}
				d := m.start(t)
				if err := putFor(t.Context(), d, "/v/x", c.ttl); err != nil {
					t.Fatal(err)
				}
				d = m.restart(t, d, c.boot, c.wrong)
				about(t, "after the restart", d, c.left)
				if n := d.Stats().Store.Records; n != 1 {
					t.Errorf("%d records are kept", n)
				}
				if c.reversed {
					time.Sleep(hour + time.Minute)
					if n := d.Stats().Store.Records; n != 0 {
						t.Errorf("after an hour %d records are kept", n)
					}
				}
				m.wall.Store(0)
				time.Sleep(2 * heartbeat)
				about(t, "after the correction", d, c.then)
				d = m.restart(t, d, c.boot, 0)
				about(t, "after another restart", d, max(0, c.then-hour))
			})
		})
	}
}

// about checks what the record has to live, to a minute.
func about(t *testing.T, when string, d *Driver, want time.Duration) {
	t.Helper()
	if left, ok := held(d, "/v/x"); ok != (want > 0) || (left-want).Abs() > time.Minute {
		t.Errorf("%s it has %s to live, want %s", when, left, want)
	}
}
