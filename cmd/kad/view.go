package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"kadmium/api/page"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// A viewing is where `kad view` shows a report.
type viewing struct {
	URL string `json:"url"`
}

func (a *app) viewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "view FILE",
		Short: "Show a report of kad sim or kad bench in a browser",
		Long: `Show a report that kad sim --json or kad bench --json wrote: distributions, series,
buckets and one lookup, to point at. It prints a URL of this machine, for a browser here,
and serves it until SIGINT or SIGTERM.`,
		Example: "  kad sim --nodes 1000 --json > a.json; kad view a.json",
		Args:    cli.Arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			shown, err := readViewed(args[0])
			if err != nil {
				return err
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return cli.NotDone("free a port of 127.0.0.1", "%v", err)
			}
			defer l.Close()
			url := viewing{page.ViewerURL(l)}
			if err := a.Print(url, func(w io.Writer) { fmt.Fprintln(w, url.URL) }); err != nil {
				return err
			}
			return serveUntilEnd(cmd.Context(), l, page.Viewer(shown))
		},
	}
}

// readViewed reads a report or a sweep of them, and checks it.
func readViewed(path string) ([]byte, error) {
	text, err := cli.ReadReportText(path)
	if err != nil {
		return nil, err
	}
	var several struct {
		Sweep []json.RawMessage `json:"sweep"`
	}
	all := []json.RawMessage{text}
	if json.Unmarshal(text, &several) == nil && len(several.Sweep) > 0 {
		all = several.Sweep
	}
	for _, one := range all {
		if _, err := report.Read(bytes.NewReader(one)); err != nil {
			return nil, cli.BadInput(cli.ReportNext, "%s: %v", path, err)
		}
	}
	return text, nil
}

// serveUntilEnd serves a listener until the context ends.
func serveUntilEnd(ctx context.Context, l net.Listener, h http.Handler) error {
	const patient = 10 * time.Second
	server := &http.Server{Handler: h, ReadHeaderTimeout: patient, WriteTimeout: patient, IdleTimeout: patient}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
