package p2p

import (
	"context"
	"net"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"

	"kadmium/compare/link"
)

// socketsOn makes a constructor of libp2p's manager of QUIC sockets that puts all sockets on
// the link. It replaces libp2p's own (config/config.go, addTransports), and does the same:
// the resource manager admits connections before their handshakes and says which addresses
// to verify, the sockets are closed with the host, and they have metrics if the host has.
func socketsOn(l *link.Link, metrics bool) func(fx.Lifecycle, quic.StatelessResetKey, quic.TokenGeneratorKey, network.ResourceManager) (*quicreuse.ConnManager, error) {
	return func(lifecycle fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, limits network.ResourceManager) (*quicreuse.ConnManager, error) {
		options := []quicreuse.Option{
			quicreuse.OverrideListenUDP(func(network string, at *net.UDPAddr) (net.PacketConn, error) { return l.Listen(network, at) }),
			quicreuse.ConnContext(admitBy(limits)),
			quicreuse.VerifySourceAddress(limits.VerifySourceAddress),
		}
		if metrics {
			options = append(options, quicreuse.EnableMetrics(nil)) // with the default registerer, as the host
		}
		m, err := quicreuse.NewConnManager(reset, token, options...)
		if err != nil {
			return nil, err
		}
		lifecycle.Append(fx.StopHook(m.Close))
		return m, nil
	}
}

// admitBy has the resource manager open a scope for each incoming connection, and closes it
// with the connection.
func admitBy(limits network.ResourceManager) func(context.Context, *quic.ClientInfo) (context.Context, error) {
	return func(ctx context.Context, client *quic.ClientInfo) (context.Context, error) {
		from, err := quicreuse.ToQuicMultiaddr(client.RemoteAddr, quic.Version1)
		if err != nil {
			from = nil // the manager decides without an address
		}
		scope, err := limits.OpenConnection(network.DirInbound, false, from)
		if err != nil {
			return ctx, err
		}
		context.AfterFunc(ctx, scope.Done)
		return network.WithConnManagementScope(ctx, scope), nil
	}
}
