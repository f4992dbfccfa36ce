package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"kadmium/internal/cli"
	"kadmium/rpc"
)

// The limits that people meet stand in README.md and in the help of the command.
func TestLimitsAreTold(t *testing.T) {
	u := newUser(t)
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := func(where, text string, limits ...int) {
		for _, n := range limits {
			if plain := fmt.Sprint(n); !strings.Contains(strings.ReplaceAll(text, ",", ""), plain) {
				t.Errorf("%s does not say %s", where, plain)
			}
		}
	}
	told("README.md", string(b), rpc.MaxKey, rpc.MaxRecord, rpc.MaxPayload)
	told("kad help put", u.kad("help", "put").exits(cli.ExitDone).stdout, rpc.MaxKey, rpc.MaxRecord)
	told("kad help send", u.kad("help", "send").exits(cli.ExitDone).stdout, rpc.MaxPayload)
}
