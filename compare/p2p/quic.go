package p2p

import (
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/quic-go/quic-go"
	"go.uber.org/fx"
)

// sockets is quicreuse.NewConnManager for libp2p.QUICReuse. Libp2p closes the one that
// it makes by itself with the host (config/config.go), but none that it is given the
// constructor of, and its UDP sockets would outlive the host.
func sockets(lifecycle fx.Lifecycle, reset quic.StatelessResetKey, token quic.TokenGeneratorKey, opts ...quicreuse.Option) (*quicreuse.ConnManager, error) {
	m, err := quicreuse.NewConnManager(reset, token, opts...)
	if err != nil {
		return nil, err
	}
	lifecycle.Append(fx.StopHook(m.Close))
	return m, nil
}
