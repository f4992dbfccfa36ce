package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
	"kadmium/rpc"
)

// A sendResult is `kad send`.
type sendResult struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address,omitzero"`
	Reply   *string          `json:"reply,omitempty"` // if it is UTF-8
	Base64  []byte           `json:"reply_base64"`
	MS      float64          `json:"ms"`
	search                   // by its ID
}

type sendArgs struct {
	To       destination `json:"to"`
	Protocol string      `json:"protocol"`
	Payload  []byte      `json:"payload"`
}

var sendOperation = operation[sendArgs, sendResult]{"send", func(args sendArgs) string { return args.To.String() }, func(ctx context.Context, n *kadmium.Node, args sendArgs) (sendResult, error) {
	to, w, err := args.To.locate(ctx, n)
	r := sendResult{search: search{w}, Base64: []byte{}}
	if err != nil {
		return r, err
	}
	got, err := n.Send(ctx, to, args.Protocol, args.Payload)
	if err != nil {
		return r, err
	}
	r.Peer, r.Address, r.MS = got.From.ID, got.From, milliseconds(got.RTT)
	r.Reply, r.Base64 = text(got.Payload), append(r.Base64, got.Payload...)
	return r, nil
}}

func (a *app) sendCommand() *cobra.Command {
	var r reach
	cmd := &cobra.Command{
		Use:   "send PEER|ADDR PROTOCOL PAYLOAD|-",
		Short: "Send a peer a message and print its reply",
		Long: `Send a peer a message and write exactly the bytes of its reply to stdout. PAYLOAD -
reads stdin. A peer given by its ID is found first. Every kad node answers
/kad/echo/1 with the payload, and prints messages of other protocols.`,
		Example: "  kad send 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS /kad/echo/1 hello",
		Args:    arguments("PEER|ADDR", "PROTOCOL", "PAYLOAD|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := parsePeerOrAddress(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if n := len(args[1]); n == 0 || n > rpc.MaxProtocol {
				return badInput("a protocol is a name like /kad/echo/1", "PROTOCOL of %d bytes: want 1 to %d", n, rpc.MaxProtocol)
			}
			payload, err := a.input(cmd.Context(), args[2], "PAYLOAD")
			if err != nil {
				return err
			}
			if len(payload) > rpc.MaxPayload {
				return badInput("send less, or a key under which the rest can be found", "PAYLOAD of %d bytes is over the limit of %d", len(payload), rpc.MaxPayload)
			}
			got, err := ask(a, cmd, &r, sendOperation, sendArgs{destinationOf(to), args[1], payload})
			if err != nil {
				return err
			}
			if !a.json { // stdout is the reply's alone
				got.walked().draw(a.stderr)
			}
			return a.print(got, func(w io.Writer) { _, _ = w.Write(got.Base64) })
		},
	}
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
