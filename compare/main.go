// Command compare runs one workload on go-libp2p-kad-dht and on kadmium, with the
// same keys at the same positions, and prints what differs in behaviour and cost.
package main

import (
	"context"
	"fmt"
	"os"

	"kadmium/compare/behaviour"
)

func main() {
	rows, err := behaviour.Run(context.Background(), 10, behaviour.Cases(), func(name string) { fmt.Fprintln(os.Stderr, name) })
	for _, r := range rows {
		fmt.Printf("%s | %s | %s | %s | %s\n", r.Case, r.Libp2p, r.Kadmium, r.Verdict, r.Why)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
