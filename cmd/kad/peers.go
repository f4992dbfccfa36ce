package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/identity"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// A peersResult is `kad peers`.
type peersResult struct {
	Peers []kadmium.PeerInfo `json:"peers"`
}

func (a *app) peersCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:   "peers [PEER]",
		Short: "List the peers that a node knows, or show one",
		Long: `List everybody whom a node knows, nearest to it first: the peers of its routing table,
those with a session, those that it has met lately, and those with a note. Of one PEER it
shows all: its addresses and when it last answered from each, its public key, its
protocols if it was asked, and the notes about it. Nobody is asked anything; kad find and
kad ping ask.`,
		Example: "  kad peers\n  kad peers 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS --json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return cli.Arguments("PEER")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.showPeer(cmd, &choice, args[0])
			}
			all, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) ([]kadmium.PeerInfo, error) {
				return c.Peers(ctx, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(peersResult{append([]kadmium.PeerInfo{}, all...)}, func(w io.Writer) { a.drawPeers(w, all, time.Now()) })
		},
	}
	choice.flags(cmd)
	return cmd
}

// showPeer shows what the node knows of one peer.
func (a *app) showPeer(cmd *cobra.Command, choice *nodeChoice, text string) error {
	if err := api.CheckPeer(text); err != nil {
		return err
	}
	p, err := runOperation(a, cmd, choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.PeerInfo, error) {
		return c.Peer(ctx, text, o)
	})
	if err != nil {
		return err
	}
	return a.printLines(p, func(w io.Writer) { drawPeer(w, &p, time.Now()) })
}

func (a *app) drawPeers(w io.Writer, all []kadmium.PeerInfo, now time.Time) {
	inTable := 0
	for i := range all {
		if all[i].InTable {
			inTable++
		}
		fmt.Fprintf(w, "%s\n  %s\n", a.shownAddress(all[i].Address()), peerState(&all[i], now))
	}
	fmt.Fprintf(w, "(%s, %d in the table)\n", report.Count(len(all), "peer"), inTable)
}

// shownAddress is an address, or its ID if there is no endpoint.
func (a *app) shownAddress(addr identity.Address) string {
	if !addr.Endpoint.IsValid() {
		return addr.ID.String()
	}
	return a.shown(addr, 0)
}

// peerState is how a peer is, in a line.
func peerState(p *kadmium.PeerInfo, now time.Time) string {
	var parts []string
	if answered := p.Answered(); answered.IsZero() {
		parts = append(parts, "never answered")
	} else {
		parts = append(parts, "answered "+brief(max(0, now.Sub(answered)))+" ago")
	}
	if p.RTT > 0 {
		parts = append(parts, "RTT "+brief(p.RTT))
	}
	for _, state := range []struct {
		is   bool
		name string
	}{{p.Failing, "failing"}, {p.Left, "has left"}, {p.Serves, "a server"}, {p.InTable, "in the table"}, {p.Session, "has a session"}} {
		if state.is {
			parts = append(parts, state.name)
		}
	}
	if len(p.Notes) > 0 {
		parts = append(parts, report.Count(len(p.Notes), "note"))
	}
	return strings.Join(parts, ", ")
}

func drawPeer(w io.Writer, p *kadmium.PeerInfo, now time.Time) {
	fmt.Fprintf(w, "%s\n  %s\n", p.ID, peerState(p, now))
	for _, a := range p.Addresses {
		answered := "never answered from there"
		if !a.Answered.IsZero() {
			answered = "answered " + brief(max(0, now.Sub(a.Answered))) + " ago"
		}
		fmt.Fprintf(w, "  %s, %s\n", a.Address.Endpoint, answered)
	}
	fmt.Fprintf(w, "public key  %s\ndistance    %s\n", hex.EncodeToString(p.PublicKey()), magnitude(p.Distance))
	if p.RTT > 0 {
		fmt.Fprintf(w, "RTT         %s, deviation %s\n", brief(p.RTT), brief(p.RTTVar))
	}
	for _, name := range p.Protocols {
		fmt.Fprintf(w, "protocol    %s\n", api.ShownKey(name))
	}
	if p.MoreProtocols {
		fmt.Fprintln(w, "protocol    others too")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Notes)) {
		fmt.Fprintf(w, "note        %q: %q\n", name, p.Notes[name])
	}
}
