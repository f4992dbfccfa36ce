package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
)

// The exit codes of every command.
const (
	exitDone     = 0
	exitNotDone  = 1 // not found, timed out, port in use, directory unwritable or taken
	exitBadInput = 2 // a malformed argument, a key file that is not one, an unknown namespace, over a limit
)

// A failure is an error as the command reports it: what happened and to what, what
// to do next, and the exit code.
type failure struct {
	Message string `json:"error"`
	Next    string `json:"next"`
	Code    int    `json:"exit"`
	// Lookup is the one that failed, with --trace.
	Lookup *kadmium.Lookup `json:"lookup,omitempty"`
	// RefusedBy are likewise the nodes that were to hold what was put or provided.
	RefusedBy []kadmium.Refusal `json:"refused_by,omitempty"`

	printed bool // stdout already has its one object
}

func (f *failure) Error() string { return f.Message }

// badInput is a failure that the user can avoid by other arguments.
func badInput(next, format string, args ...any) error {
	return &failure{Message: fmt.Sprintf(format, args...), Next: next, Code: exitBadInput}
}

// notDone is a failure that other arguments alone would not avoid.
func notDone(next, format string, args ...any) error {
	return &failure{Message: fmt.Sprintf(format, args...), Next: next, Code: exitNotDone}
}

// noAnswer says that no bootstrap peer answered, and which were not asked, as their names
// were not resolved.
func noAnswer(bootstrap []string, err error) error {
	next := "check the address, the --network, and that a node runs there"
	if errors.Is(err, kadmium.ErrNoSocket) {
		next += "; this machine does not have both IPv4 and IPv6"
	}
	if errors.Is(err, kadmium.ErrOtherPeer) {
		next = api.OtherPeerNext
	}
	why := strings.ReplaceAll(api.PlainWords(err), kadmium.ErrNoAnswer.Error()+"; ", "")
	var asked, unresolved []string
	for _, b := range bootstrap {
		s, _ := api.ParseAddress(b)
		if host := s.Host(); host != "" && (strings.Contains(why, "lookup "+host) || strings.Contains(why, "lookup _dnsaddr."+host)) {
			unresolved = append(unresolved, b)
		} else {
			asked = append(asked, b)
		}
	}
	var message []string
	if len(asked) > 0 {
		message = append(message, "no answer from "+strings.Join(asked, ", "))
	}
	if len(unresolved) > 0 {
		message = append(message, "the name was not resolved of "+strings.Join(unresolved, ", "))
		next = "check the host's name, and the name server of this machine"
		if len(asked) > 0 {
			next += "; check the other addresses, the --network, and that a node runs there"
		}
	}
	if why != kadmium.ErrNoAnswer.Error() {
		message = append(message, why)
	}
	return notDone(next, "%s", strings.Join(message, ": "))
}

var flagInText = regexp.MustCompile(`--([a-z]+)`)

// nextFor is what to do next after a command has failed, without the parts that name a flag
// which neither the command nor a node has.
func nextFor(cmd *cobra.Command, next string) string {
	node, _, err := cmd.Root().Find([]string{"node"})
	known := func(part string) bool {
		for _, name := range flagInText.FindAllStringSubmatch(part, -1) {
			if cmd.Flag(name[1]) == nil && (err != nil || node.Flag(name[1]) == nil) {
				return false
			}
		}
		return true
	}
	var sentences []string
	for sentence := range strings.SplitSeq(next, "; ") {
		var parts []string
		for part := range strings.SplitSeq(sentence, ", or ") {
			if known(part) {
				parts = append(parts, part)
			}
		}
		if len(parts) > 0 {
			sentences = append(sentences, strings.Join(parts, ", or "))
		}
	}
	if len(sentences) == 0 {
		return "try again"
	}
	return strings.Join(sentences, "; ")
}
