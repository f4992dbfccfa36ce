package main

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"

	"github.com/spf13/cobra"

	"kadmium/api"
	"kadmium/internal/cli"
)

// httpFlags are the flags of `kad node` that say what it serves over TCP.
type httpFlags struct {
	address, cert, key string
	hosts              []string
	open, insecure     bool
}

func (h *httpFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.address, "http", "", "serve the HTTP API over TCP: PORT for this machine, or HOST:PORT (default not)")
	f.StringSliceVar(&h.hosts, "http-host", nil, "name beside localhost by which HTTP clients reach the node (may be repeated)")
	f.StringVar(&h.cert, "http-cert", "", "certificates in PEM, for HTTPS")
	f.StringVar(&h.key, "http-key", "", "private key in PEM, for HTTPS")
	f.BoolVar(&h.insecure, "http-insecure", false, "serve other machines without HTTPS: something else encrypts")
	f.BoolVar(&h.open, "http-open", false, "let anybody read values, peers and providers over HTTP, at a limited rate")
}

// check refuses flags that mean nothing, or not what they seem to.
func (h *httpFlags) check(a *app, cmd *cobra.Command) error {
	for _, flag := range []string{"http-host", "http-cert", "http-key", "http-insecure", "http-open"} {
		if h.address == "" && cli.Typed(cmd, flag) {
			return cli.BadInput("add --http PORT, or leave it out", "--%s is for a node that serves HTTP", flag)
		}
	}
	if (h.cert == "") != (h.key == "") {
		return cli.BadInput("give both --http-cert and --http-key", "HTTPS needs a certificate and its key")
	}
	for i, host := range h.hosts {
		name, err := api.HostName(host)
		if err != nil {
			return err
		}
		h.hosts[i] = name
	}
	return nil
}

// A webListener is what a node serves over TCP; with a nil Listener, nothing.
type webListener struct {
	net.Listener
	cfg  api.TCPConfig
	stop func()
}

// listen listens if the flags say so.
func (h *httpFlags) listen() (*webListener, error) {
	w := &webListener{cfg: api.TCPConfig{Hosts: h.hosts, Open: h.open}}
	if h.address == "" {
		return w, nil
	}
	if h.cert != "" {
		pair, err := tls.LoadX509KeyPair(h.cert, h.key)
		if err != nil {
			return nil, cli.BadInput("give files in PEM: --http-cert has the certificates, --http-key the key of the first", "--http-cert %s, --http-key %s: %v", h.cert, h.key, err)
		}
		w.cfg.TLS = &pair
	}
	var err error
	w.Listener, err = api.ListenTCP(h.address, h.cert != "", h.insecure)
	return w, err
}

// serve begins to serve. The token is that of the data directory, and without one of this
// run only.
func (w *webListener) serve(s *api.Server, data string, warn warner) (err error) {
	if w.Listener == nil {
		return nil
	}
	if data != "" {
		if w.cfg.Token, err = api.LoadToken(data); errors.Is(err, api.ErrBadToken) {
			return cli.BadInput("remove the file, and the node makes another token", "%v", err)
		} else if err != nil {
			return cli.NotDone("check the data directory", "%v", err)
		}
		warn.secretOpen("token file", filepath.Join(data, api.TokenFile)) // who has it may do everything
	}
	w.stop = s.ServeTCP(w.Listener, w.cfg)
	return nil
}

func (w *webListener) close() {
	switch {
	case w.stop != nil:
		w.stop()
	case w.Listener != nil:
		w.Close()
	}
}
