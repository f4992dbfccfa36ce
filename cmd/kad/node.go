package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/identity"
	"kadmium/internal/cli"
	"kadmium/lookup"
)

// defaultListen is where a node listens without --listen.
const defaultListen = "/ip4/0.0.0.0/udp/4100"

// echoProtocol is answered by every kad node with the message's own payload.
const echoProtocol = "/kad/echo/1"

// A readyLine is the first line of `kad node`.
type readyLine struct {
	Peer      identity.ID        `json:"peer"`
	Addresses []identity.Address `json:"addresses"`
	Nodes     int                `json:"nodes,omitempty"` // of --count
	HTTP      string             `json:"http,omitempty"`  // what --http serves
}

// nodeFlags are the flags of `kad node`.
type nodeFlags struct {
	listen, bootstrap                 []string
	key, data, mode, network, control string
	count, perSubnet                  int
	http                              httpFlags
	log                               logFlags
}

func (a *app) nodeCommand() *cobra.Command {
	var nf nodeFlags
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Run a node",
		Long: `Run a node until it gets SIGINT or SIGTERM. The first line of stdout says that it is
ready: its sockets are bound and its first attempt to join has ended.

With --data it loses nothing on a crash; without, nothing is kept. Without --key the
key lives in --data, and without either it is made for this run. Messages of protocol
/kad/echo/1 are answered with their payload, those of any other protocol printed.

With --count it runs several nodes, for test networks. The ports and data directories of
the others follow from those of the first (4101 and DIR/1, 4102 and DIR/2), and they join
through it. Socket, page, readiness and ready line are those of the first; its HTTP API
works through another with ?node=NUMBER, and its metrics are sums.

With --http it serves its HTTP API over TCP too, to who has its token: kad page says it.`,
		Example: `  kad node --data ~/.kad
  kad node --listen /ip4/127.0.0.1/udp/0 --bootstrap /ip4/127.0.0.1/udp/4100
  kad node --listen /ip4/0.0.0.0/udp/4100 --listen /ip6/::/udp/4100 --mode server
  kad node --data ~/.kad --http 4180
  kad node --count 100 --http 4180`,
		Args: cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := nf.http.check(a, cmd); err != nil {
				return err
			}
			if err := nf.checkCount(); err != nil {
				return err
			}
			if err := nf.log.check(a, cmd); err != nil {
				return err
			}
			return a.runNode(cmd.Context(), &nf)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&nf.listen, "listen", []string{defaultListen}, "address to listen on; port 0 lets the system pick (may be repeated)")
	f.StringSliceVar(&nf.bootstrap, "bootstrap", nil, "peer to join by: multiaddr or host:port (may be repeated)")
	f.StringVar(&nf.key, "key", "", "key file (default: the one in --data, else made for this run)")
	f.StringVar(&nf.data, "data", "", "directory that keeps everything over restarts (default none: all in memory)")
	f.StringVar(&nf.mode, "mode", "auto", "auto, client or server: whether others may keep this node in their tables")
	f.StringVar(&nf.network, "network", kadmium.DefaultNetwork, "name of the network to be in")
	f.StringVar(&nf.control, "control", "", "control socket (default in --data, else "+defaultControlPath()+")")
	cli.Completes(cmd, "mode", kadmium.Auto.String(), kadmium.Client.String(), kadmium.Server.String())
	cli.CompletesDirectory(cmd, "data")
	f.IntVar(&nf.count, "count", 1, fmt.Sprintf("nodes to run in this process, at most %d", maxCount))
	f.IntVar(&nf.perSubnet, "per-subnet", lookup.PerSubnet, "contacts of one /24 (IPv6: /64) that a lookup takes from answers: 1 or 2")
	nf.http.flags(cmd)
	nf.log.flags(cmd)
	return cmd
}

// config is the node that the flags describe.
func (nf *nodeFlags) config(ctx context.Context, log *slog.Logger) (kadmium.Config, error) {
	cfg := kadmium.Config{Listen: nf.listen, Bootstrap: nf.bootstrap, DataDir: nf.data, Network: nf.network, PerSubnet: nf.perSubnet, Logger: log}
	var err error
	if cfg.Mode, err = kadmium.ParseMode(nf.mode); err != nil {
		return cfg, cli.BadInput("choose auto, client or server", "--mode %q is none", nf.mode)
	}
	if nf.perSubnet < 1 || nf.perSubnet > lookup.PerSubnet {
		return cfg, cli.BadInput("leave it out, or tighten it: --per-subnet 1", "--per-subnet %d: want 1 or %d", nf.perSubnet, lookup.PerSubnet)
	}
	for _, text := range nf.listen {
		if err := checkListen(text); err != nil {
			return cfg, err
		}
	}
	if err := checkBootstrap(nf.bootstrap); err != nil {
		return cfg, err
	}
	if nf.key == "" {
		return cfg, nil
	}
	cfg.Key, err = loadKey(ctx, warnIn(log), nf.key)
	return cfg, err
}

// checkListen refuses text that is not an address to listen on.
func checkListen(text string) error {
	const next = "listen on an IP of this machine's: " + defaultListen + ", /ip6/::/udp/4100, or IP:PORT"
	a, err := identity.ParseAddress(text)
	if err != nil {
		return cli.BadInput(next, "--listen %q: %v", text, err)
	}
	if !a.ID.IsZero() || a.Endpoint.Addr().IsMulticast() {
		return cli.BadInput(next, "--listen %s: not an address to listen on", text)
	}
	return nil
}

func (a *app) runNode(ctx context.Context, nf *nodeFlags) error {
	// The reader of the ready line may have closed the pipe; the terminal may go.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	a.log, a.logLines = nf.log.open(a.Stderr, a.Getenv)
	a.Stderr = a.log.Writer(a.Stderr)
	log := a.log.Logger()
	cfg, err := nf.config(ctx, log)
	if err != nil {
		return err
	}
	path := controlPath(nf.control, nf.data)
	if err := api.CheckSocketPath(path); err != nil {
		return err
	}
	messages := newMessagePrinter(a.printMessage, log)
	cfg.Handlers = map[string]kadmium.Handler{
		echoProtocol: func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil },
		"":           messages.handle,
	}
	web, err := nf.http.listen()
	if err != nil {
		return err
	}
	defer web.close()
	context.AfterFunc(ctx, func() { a.endInTime(log, cli.ExitDone) })
	nodes, err := startNodes(ctx, cfg, nf.count)
	defer nodes.close()
	if ctx.Err() != nil {
		return nil // told to end before they were ready
	}
	if err != nil {
		return err
	}
	if nf.data != "" {
		warnIn(log).dataOpen(nf.data)
	}

	server := api.NewServer(log, nodes...)
	l, err := api.ListenUnix(path)
	switch {
	case err == nil:
		defer server.ServeUnix(l)()
	case nf.control != "" || nf.data != "":
		return err
	default: // only one node of a user has the default socket; others run without one
		log.Warn("no control socket", "err", err)
	}
	if err := web.serve(server, nf.data, warnIn(log)); err != nil {
		return err
	}
	// The node logs a join that failed, and tries again.
	err = nodes[0].Joined(ctx)
	if ctx.Err() != nil {
		return nil // told to end before it was ready
	}
	if errors.Is(err, kadmium.ErrNoSocket) {
		log.Warn("some bootstrap addresses have no socket", "next", api.ListenNext)
	}
	if err := a.printReady(nodes, server.URL()); err != nil {
		return err
	}
	super := newSupervisor(a.Getenv, log)
	super.ready(ctx, nodes.live)
	messages.start()
	err = a.untilEnd(ctx, nodes, log, super)
	messages.stop()
	return err
}

// untilEnd closes the nodes once the context ends, or a socket or the journal of one has
// failed for good: that is then the error.
func (a *app) untilEnd(ctx context.Context, nodes nodeGroup, log *slog.Logger, super *supervisor) error {
	select {
	case <-ctx.Done():
	case <-nodes.failed():
		defer a.endInTime(log, cli.ExitNotDone)()
	}
	super.stopping()
	log.Info("closing")
	err := nodes.close()
	if failed := nodes.err(); failed != nil {
		return failed
	}
	return err
}

func (a *app) printReady(nodes nodeGroup, http string) error {
	r := readyLine{Peer: nodes[0].ID(), Addresses: nodes[0].Addresses(), HTTP: http}
	if len(nodes) > 1 {
		r.Nodes = len(nodes)
	}
	return a.Print(r, func(w io.Writer) {
		texts := make([]string, len(r.Addresses))
		for i, addr := range r.Addresses {
			texts[i] = addr.String()
		}
		fmt.Fprintf(w, "ready %s\n", strings.Join(texts, " "))
		if r.Nodes > 0 {
			fmt.Fprintf(w, "nodes %d\n", r.Nodes)
		}
		if http != "" {
			fmt.Fprintf(w, "http %s\n", http)
		}
	})
}

// closeTime is how long closing may take. It waits only for the disk, and everything
// acknowledged has been synced before.
const closeTime = 4 * time.Second

// endInTime ends the process with the exit code if closing takes longer than closeTime.
func (a *app) endInTime(log *slog.Logger, code int) (closed func() bool) {
	return time.AfterFunc(closeTime, func() {
		log.Error("closing hangs; ending without it")
		a.lastLines()
		os.Exit(code)
	}).Stop
}

// lastLines waits a moment for what a node has written to stderr.
func (a *app) lastLines() {
	if a.log != nil {
		a.log.Flush(true)
		a.log.Wait(lastLinesTime)
	}
}
