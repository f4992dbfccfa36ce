package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
)

// A getResult is `kad get`.
type getResult struct {
	Key       string      `json:"key"`
	Value     *string     `json:"value,omitempty"` // if it is UTF-8
	Base64    []byte      `json:"value_base64"`
	Sequence  uint64      `json:"sequence"`
	Publisher identity.ID `json:"publisher,omitzero"`
	From      identity.ID `json:"from,omitzero"` // who had it
	Expires   time.Time   `json:"expires,omitzero"`
	walk
}

type getArgs struct {
	Key    string `json:"key"`
	Quorum int    `json:"quorum"`
}

var getOperation = operation[getArgs, getResult]{"get", func(args getArgs) string { return args.Key }, func(ctx context.Context, n *kadmium.Node, args getArgs) (getResult, error) {
	got, err := n.Get(ctx, args.Key, kadmium.GetOptions{Quorum: args.Quorum})
	w := newWalk(got.Lookup)
	if err == nil {
		w.local()
	}
	return getResult{
		Key: args.Key, Value: text(got.Value), Base64: append([]byte{}, got.Value...), Sequence: got.Sequence,
		Publisher: got.Publisher, From: got.From, Expires: got.Expires.UTC(), walk: w,
	}, err
}}

// text is bytes as JSON can show them, nil if they are not UTF-8.
func text(b []byte) *string {
	if !utf8.Valid(b) {
		return nil
	}
	s := string(b)
	return &s
}

func (a *app) getCommand() *cobra.Command {
	var r reach
	var q getArgs
	var file string
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Fetch a value",
		Long: `Fetch the value under a key and write exactly its bytes to stdout, or to a file. It ends
at the first valid value; with --quorum it weighs several answers, takes the best, and
repairs those of the closest nodes that had an older one or none.`,
		Example: `  kad get /v/hello
  kad get /v/hello --quorum 5 -o hello.txt --trace`,
		Args: arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Key = args[0]
			if err := checkRecordKey(q.Key); err != nil {
				return err
			}
			if q.Quorum < 1 {
				return badInput("choose 1 or more", "--quorum %d is out of range", q.Quorum)
			}
			got, err := ask(a, cmd, &r, getOperation, q)
			if err != nil {
				return err
			}
			if file != "" && file != "-" {
				if err := os.WriteFile(file, got.Base64, 0o666); err != nil {
					return notDone("choose another file with -o", "writing the value: %v", err)
				}
				return a.print(got, func(w io.Writer) {
					got.draw(w)
					fmt.Fprintf(w, "%s: %s (%s)\n", file, count(len(got.Base64), "byte"), got.summary())
				})
			}
			if !a.json { // stdout is the value's alone
				got.draw(a.stderr)
			}
			return a.print(got, func(w io.Writer) { _, _ = w.Write(got.Base64) })
		},
	}
	cmd.Flags().IntVar(&q.Quorum, "quorum", 1, "number of valid answers to weigh")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the value to this file; - is stdout")
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
