package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/rpc"
)

func (a *app) sendCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:   "send PEER|ADDR PROTOCOL PAYLOAD|-",
		Short: "Send a peer a message and print its reply",
		Long: fmt.Sprintf(`Send a peer a message and write exactly the bytes of its reply to stdout (on a terminal
also the end of its line). PAYLOAD - reads stdin; it and the reply have at most %d bytes.
A peer given by its ID is found first. Every kad node answers /kad/echo/1 with the
payload, and prints messages of other protocols.`, rpc.MaxPayload),
		Example: "  kad send 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS /kad/echo/1 hello",
		Args:    cli.Arguments("PEER|ADDR", "PROTOCOL", "PAYLOAD|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := api.ParseDestination(args[0])
			if err != nil {
				return err
			}
			if err := rpc.CheckProtocol(args[1]); err != nil {
				return cli.BadInput(api.ProtocolForm, "PROTOCOL: %v", err)
			}
			payload, err := a.input(cmd.Context(), args[2], "PAYLOAD")
			if err != nil {
				return err
			}
			if len(payload) > rpc.MaxPayload {
				return cli.BadInput("send less, or a key under which the rest can be found", "PAYLOAD of %d bytes is over the limit of %d", len(payload), rpc.MaxPayload)
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Reply, error) {
				return c.Send(ctx, to, args[1], payload, o)
			})
			if err != nil {
				return err
			}
			if !a.JSON { // stdout is for the reply only
				a.diagnose(func(w io.Writer) { drawTrace(w, got.Lookup) })
			}
			return a.printValue(got, got.Payload)
		},
	}
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
