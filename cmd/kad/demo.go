package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// What the demo's nodes send each other.
const (
	demoProtocol = "/kad/demo/1"
	demoMessage  = "hello from 3"
	demoReply    = "hello back from 2"
	demoValue    = "kept by the network"
)

// demoK is the demo's k: of three nodes two hold a value, and the third has to ask.
const demoK = 2

// demoTime bounds the whole demo, and with --page its start; both take a fraction of a second.
const demoTime = 20 * time.Second

// A demoResult is `kad demo`.
type demoResult struct {
	Nodes   []demoNode    `json:"nodes"` // 1, 2 and 3
	Joins   []demoJoin    `json:"joins"` // of 2 and 3
	Find    kadmium.Found `json:"find"`  // 3 finds 2
	Message struct {
		Protocol string  `json:"protocol"`
		Sent     string  `json:"sent"`
		Reply    string  `json:"reply"`
		MS       float64 `json:"ms"`
	} `json:"message"`
	Value demoKept `json:"value"`
}

type demoNode struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address"`
}

type demoJoin struct {
	Node   int            `json:"node"`
	Lookup kadmium.Lookup `json:"-"` // its members stand beside node
}

func (j demoJoin) MarshalJSON() ([]byte, error) {
	type plain demoJoin
	return joined(plain(j), j.Lookup)
}

func (j *demoJoin) UnmarshalJSON(b []byte) error {
	type plain demoJoin
	return separated(b, (*plain)(j), &j.Lookup)
}

type demoKept struct {
	Key        string         `json:"key"`
	Value      string         `json:"value"`
	Holders    int            `json:"holders"`
	SelfHolder bool           `json:"self_holder"` // 2 is one of them
	Put        kadmium.Lookup `json:"put"`
	From       identity.ID    `json:"from"`
	Get        kadmium.Lookup `json:"-"` // its members stand beside from
}

func (v demoKept) MarshalJSON() ([]byte, error) {
	type plain demoKept
	return joined(plain(v), v.Get)
}

func (v *demoKept) UnmarshalJSON(b []byte) error {
	type plain demoKept
	return separated(b, (*plain)(v), &v.Get)
}

func (a *app) demoCommand() *cobra.Command {
	var page bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch three nodes find each other, talk and keep a value",
		Long: `Run three nodes on 127.0.0.1, each with a UDP socket of its own. 2 and 3 know only 1.
3 finds 2, sends it a message and gets the reply; 2 puts a value, 3 gets it. It ends by
itself.

With --page run 20 nodes until SIGINT or SIGTERM, and print where a browser finds the live
page of one of them.`,
		Example: "  kad demo\n  kad demo --json\n  kad demo --page",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if page {
				return a.runPage(cmd.Context())
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), demoTime)
			defer cancel()
			d := demo{demoDrawing: demoDrawing{out: io.Discard}}
			if !a.JSON {
				d.out = a.Stdout
			}
			defer d.close()
			if err := d.runChapters(ctx); err != nil {
				return fmt.Errorf("demo: %w", err)
			}
			if !a.JSON {
				return nil
			}
			return a.Print(d.result, nil)
		},
	}
	cmd.Flags().BoolVar(&page, "page", false, "run 20 nodes, and serve the live page of one")
	return cmd
}

// A demo prints each step when it happens, and keeps it for the result.
type demo struct {
	demoDrawing
	nodes  []*kadmium.Node
	result demoResult
}

func (d *demo) close() {
	for _, n := range d.nodes {
		n.Close()
	}
}

// runChapters stops at the first chapter that fails.
func (d *demo) runChapters(ctx context.Context) error {
	fmt.Fprintf(d.out, "Three nodes on 127.0.0.1, each with a UDP socket of its own:\n\n")
	for _, chapter := range []func(context.Context) error{d.start, d.join, d.find, d.talk, d.keep} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// start makes the three nodes. None knows another.
func (d *demo) start(context.Context) error {
	for i := range 3 {
		n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Network: "kad demo", K: demoK})
		if err != nil {
			return err
		}
		d.nodes, d.peers = append(d.nodes, n), append(d.peers, n.ID())
		node := demoNode{n.ID(), n.Addresses()[0]}
		d.result.Nodes = append(d.result.Nodes, node)
		fmt.Fprintf(d.out, "  %d  %s\n", i+1, node.Address)
	}
	return nil
}

// join lets 2 and 3 join by 1: each looks itself up (Kademlia, section 2.3).
func (d *demo) join(ctx context.Context) error {
	for i := 1; i < 3; i++ {
		d.heading("%d knows only 1, and joins by looking itself up", i+1)
		l, err := d.nodes[i].Bootstrap(ctx, d.result.Nodes[0].Address.String())
		if err != nil {
			return err
		}
		d.result.Joins = append(d.result.Joins, demoJoin{i + 1, l})
		d.drawLookup(&l, "", fmt.Sprintf("joined: it knows %s", report.Count(d.nodes[i].Table().Size, "peer")))
		if err := d.waitUntilKnown(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// waitUntilKnown waits until node 1 has verified node i and names it to others.
func (d *demo) waitUntilKnown(ctx context.Context, i int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := d.nodes[0].Events(ctx)
	for {
		for _, p := range d.nodes[0].Peers() {
			if p.InTable && p.ID == d.nodes[i].ID() {
				return nil
			}
		}
		if _, ok := <-events; !ok {
			return fmt.Errorf("1 never came to know %d: %w", i+1, context.Cause(ctx))
		}
	}
}

func (d *demo) find(ctx context.Context) error {
	d.heading("3 looks for 2 by its peer ID")
	got, err := d.nodes[2].FindPeer(ctx, d.nodes[1].ID())
	if err != nil {
		return err
	}
	d.result.Find = got
	d.drawLookup(&got.Lookup, "that is 2", "found at "+got.Peer.Address.Endpoint.String())
	return nil
}

func (d *demo) talk(ctx context.Context) error {
	d.heading("3 sends 2 a message: %q", demoMessage)
	d.nodes[1].Handle(demoProtocol, func(context.Context, kadmium.Message) ([]byte, error) { return []byte(demoReply), nil })
	got, err := d.nodes[2].Send(ctx, d.result.Find.Peer.Address, demoProtocol, []byte(demoMessage))
	if err != nil {
		return err
	}
	m := &d.result.Message
	m.Protocol, m.Sent, m.Reply, m.MS = demoProtocol, demoMessage, string(got.Payload), float64(got.RTT.Round(time.Microsecond))/float64(time.Millisecond)
	fmt.Fprintf(d.out, "  2 replies: %q (%s)\n", m.Reply, brief(got.RTT))
	return nil
}

// keep puts a value from 2, which 1 and 2 hold, and gets it from 3.
func (d *demo) keep(ctx context.Context) error {
	v := &d.result.Value
	v.Key, v.Value = d.farKey(), demoValue
	d.heading("2 puts %s = %q at the %d nodes closest to the key", v.Key, v.Value, demoK)
	put, err := d.nodes[1].Put(ctx, v.Key, []byte(v.Value), kadmium.PutOptions{})
	if err != nil {
		return err
	}
	v.Holders, v.SelfHolder, v.Put = put.Holders, put.SelfHolder, put.Lookup
	also := ""
	if put.SelfHolder {
		also = ", 2 itself one of them"
	}
	d.drawLookup(&v.Put, "", fmt.Sprintf("kept by %s%s", report.Count(put.Holders, "node"), also))

	d.heading("3 gets %s", v.Key)
	got, err := d.nodes[2].Get(ctx, v.Key, kadmium.GetOptions{Quorum: 1})
	if err != nil {
		return err
	}
	v.Value, v.From, v.Get = string(got.Value), got.From, got.Lookup
	d.drawLookup(&v.Get, "it has the value", fmt.Sprintf("got %q from %s", v.Value, d.name(got.From)))
	return nil
}

// farKey is a key to which 3 is the farthest, so that it holds no copy.
func (d *demo) farKey() string {
	at := [3]identity.Position{}
	for i, n := range d.nodes {
		at[i] = n.ID().Position()
	}
	for i := 1; ; i++ {
		key := fmt.Sprintf("/v/greeting-%d", i)
		target := identity.KeyPosition([]byte(key))
		if identity.Compare(&target, &at[0], &at[2]) < 0 && identity.Compare(&target, &at[1], &at[2]) < 0 {
			return key
		}
	}
}
