package p2p

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	manet "github.com/multiformats/go-multiaddr/net"

	"kadmium/compare/link"
	"kadmium/compare/world"
)

// tcpOn makes a constructor of libp2p's TCP transport that puts all connections on the link.
func tcpOn(l *link.Link) func(transport.Upgrader, network.ResourceManager) (transport.Transport, error) {
	return func(u transport.Upgrader, limits network.ResourceManager) (transport.Transport, error) {
		return tcp.NewTCPTransport(upgrader{u, l}, limits, nil)
	}
}

// An upgrader puts raw connections on the link before they are secured.
type upgrader struct {
	transport.Upgrader
	link *link.Link
}

// Upgrade secures an outgoing connection. The system has opened it without the delay of the
// link, so it waits one round trip first.
func (u upgrader) Upgrade(ctx context.Context, t transport.Transport, conn manet.Conn, d network.Direction, p peer.ID, s network.ConnManagementScope) (transport.CapableConn, error) {
	if wait := 2 * u.link.Delay(); wait > 0 && d == network.DirOutbound {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			conn.Close()
			return nil, ctx.Err()
		}
	}
	return u.Upgrader.Upgrade(ctx, t, u.link.Carry(conn), d, p, s)
}

// UpgradeGatedMaListener secures the connections that a listener accepts.
func (u upgrader) UpgradeGatedMaListener(t transport.Transport, l transport.GatedMaListener) transport.Listener {
	return u.Upgrader.UpgradeGatedMaListener(t, listener{l, u.link})
}

// A listener puts the connections that it accepts on the link.
type listener struct {
	transport.GatedMaListener
	link *link.Link
}

// Accept waits for a connection.
func (l listener) Accept() (manet.Conn, network.ConnManagementScope, error) {
	conn, scope, err := l.GatedMaListener.Accept()
	if err != nil {
		return conn, scope, err
	}
	return l.link.Carry(conn), scope, nil
}

// ed25519Key is the private key of a seed in libp2p's encoding.
func ed25519Key(seed world.Seed) []byte { return ed25519.NewKeyFromSeed(seed[:]) }
