package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/rpc"
	"kadmium/sim/report"
	"kadmium/store"
)

// A putting is what `kad put` puts, and how.
type putting struct {
	key   string
	value []byte
	api.Put
}

const localHelp = "also done if only this node has it, as none answers; it is published when one does"

func (a *app) putCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var p putting
	var sequence, cas uint64
	cmd := &cobra.Command{
		Use:   "put KEY VALUE|-",
		Short: "Store a value at the nodes closest to its key",
		Long: `Store a value at the k nodes closest to its key. The running node publishes it again
every 22 h, unless its --ttl is shorter. VALUE - reads stdin, any bytes. A key begins with its namespace:

` + keyHelp() + `
A key has at most ` + strconv.Itoa(rpc.MaxKey) + ` bytes, a record with its key and a signature ` + strconv.Itoa(rpc.MaxRecord) + `.
A value that only this node has, as no other answers, is not done (see --local).
With --cas each holder compares by itself, as no node speaks for all: of two writers
at once, both may find some holders. Get with a --quorum to see which one stands.`,
		Example: `  kad put /v/hello world
  date | kad put /v/now - --ttl 1h
  kad put --cas 7 --key me.pem --bootstrap seed.example:4100 \
    /sig/12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS/profile "new text"`,
		Args: cli.Arguments("KEY", "VALUE|-"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if p.key, err = written.parse(args[0], checkRecordKey); err != nil {
				return err
			}
			if p.value, err = a.input(cmd.Context(), args[1], "VALUE"); err != nil {
				return err
			}
			if cmd.Flags().Changed("seq") {
				p.Sequence = &sequence
			}
			if cmd.Flags().Changed("cas") {
				p.CAS = &cas
			}
			if err := checkPut(cmd, p); err != nil {
				return err
			}
			p.Ephemeral = choice.temporary(a, cmd) // the node ends with the command, and cannot publish it again
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Stored, error) {
				return c.Put(ctx, p.key, p.value, p.Put, o)
			})
			if err != nil {
				return err
			}
			a.noteLastSequence(got.Key, got.Sequence, got.Expires)
			return a.printLines(got, func(w io.Writer) { drawStored(w, &got, "stored", fmt.Sprintf(", sequence %d", got.Sequence)) })
		},
	}
	f := cmd.Flags()
	f.DurationVar(&p.TTL, "ttl", 0, "how long it lives (default 24h; holders cap it at a week)")
	f.BoolVar(&p.Local, "local", false, localHelp)
	f.Uint64Var(&sequence, "seq", 0, "sequence number (default the highest found, plus one)")
	f.Uint64Var(&cas, "cas", 0, "only where the held sequence is this; 0: none is held")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}

// drawStored draws the result of a put or a provide. After the nodes it says what else
// is to be said, which begins with a comma.
func drawStored(w io.Writer, s *kadmium.Stored, verb, also string) {
	drawTrace(w, &s.Lookup)
	if len(s.Lookup.Trace) > 0 {
		drawRefusals(w, s.RefusedBy)
	}
	if s.KeptHere {
		fmt.Fprintf(w, "kept at this node only%s (%s)\nexpires %s; it is published when another node answers\n", also, summary(closestAt, &s.Lookup), s.Expires.UTC().Format(time.RFC3339))
		return
	}
	self := ""
	if s.SelfHolder {
		self = ", this node one of them"
	}
	fmt.Fprintf(w, "%s at %s%s%s (%s)\n", verb, report.Count(s.Holders, "node"), self, also, summary(closestAt, &s.Lookup))
	again := "it is published again before then"
	if !s.Published {
		again = "nobody publishes it again"
	}
	fmt.Fprintf(w, "expires %s; %s\n", s.Expires.UTC().Format(time.RFC3339), again)
}

// checkPut refuses what no node would store, before any node is asked.
func checkPut(cmd *cobra.Command, p putting) error {
	switch {
	case cmd.Flags().Changed("ttl") && (p.TTL < time.Second || p.TTL > store.MaxTTL):
		return cli.BadInput("choose a time like 90m, from 1s to "+store.MaxTTL.String(), "--ttl %s is out of range", p.TTL)
	case p.Sequence != nil && *p.Sequence > store.MaxSequence:
		return cli.BadInput("choose a smaller one, or none", "--seq %d is out of range: sequences end below 2^63", *p.Sequence)
	case p.CAS != nil && *p.CAS > store.MaxSequence:
		return cli.BadInput("give the sequence that get shows", "--cas %d is out of range: sequences end below 2^63", *p.CAS)
	}
	r := rpc.Record{Key: []byte(p.key), Value: p.value}
	if publisher, ok := namespaces.Publisher(r.Key); ok { // the node signs it, and the signed record must fit
		r.Publisher, r.Signature = publisher, make([]byte, ed25519.SignatureSize)
		if size := rpc.RecordSize(&r); size > rpc.MaxRecord {
			return cli.BadInput("shorten the value", "%s: a signed record of %d bytes is over the limit of %d", api.ShownKey(p.key), size, rpc.MaxRecord)
		}
		return nil
	}
	if err := namespaces.Validate(&r); err != nil {
		return cli.BadInput("see what each namespace asks for: kad put --help", "%s: %v", api.ShownKey(p.key), err)
	}
	return nil
}
