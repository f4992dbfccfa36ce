package driver

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
	"kadmium/transport/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testNetwork = "kadmium"

// start makes a driver, on loopback unless told otherwise, that has joined through the
// given ones.
func start(t *testing.T, cfg Config, seeds ...*Driver) *Driver {
	t.Helper()
	d := begin(t, cfg, seeds...)
	if err := d.Joined(t.Context()); err != nil {
		t.Fatalf("Joined: %v", err)
	}
	return d
}

// begin is start for a driver that may not have joined yet.
func begin(t *testing.T, cfg Config, seeds ...*Driver) *Driver {
	t.Helper()
	if len(cfg.Listen) == 0 {
		cfg.Listen = []string{"127.0.0.1:0"}
	}
	for _, s := range seeds {
		cfg.Bootstrap = append(cfg.Bootstrap, Seed{address: s.Addresses()[0]})
	}
	cfg.Network = testNetwork
	cfg.Engine.Namespaces = store.NewNamespaces(testNetwork)
	cfg.Event = func(*engine.Event) {}
	cfg.Now = time.Now
	cfg.AfterFunc = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d.Start()
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// on makes a driver on an in-memory network, at its i-th public address.
func on(t *testing.T, network *memnet.Network, i int, mode engine.Mode, seeds ...*Driver) *Driver {
	t.Helper()
	return onIP(t, network, publicIP(i).String(), mode, seeds...)
}

func onIP(t *testing.T, network *memnet.Network, ip string, mode engine.Mode, seeds ...*Driver) *Driver {
	t.Helper()
	return start(t, Config{
		Listen:       []string{net.JoinHostPort(ip, "4100")},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
		Engine:       engine.Config{Mode: mode},
	}, seeds...)
}

// publicIP is in a /24 of its own for each i.
func publicIP(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}) }

func findPeer(ctx context.Context, d *Driver, id identity.ID) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.FindPeer(now, op, id, fx)
		},
	})
}

func ping(ctx context.Context, d *Driver, to identity.Address) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Ping(now, op, to, fx)
		},
	})
}

func put(ctx context.Context, d *Driver, key, value string) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Put(now, op, engine.PutQuery{Key: []byte(key), Value: []byte(value)}, fx)
		},
	})
}

func send(ctx context.Context, d *Driver, to identity.Address, protocol string) error {
	return d.Run(ctx, Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.SendMessage(now, op, to, protocol, nil, fx)
		},
	})
}
