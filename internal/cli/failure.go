package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	ExitDone     = 0
	ExitNotDone  = 1 // not found, timed out, port in use, directory unwritable or taken
	ExitBadInput = 2 // a malformed argument, a key file that is not one, an unknown namespace, over a limit
)

// A Failure is an error as the command reports it: what happened and to what, what
// to do next, and the exit code.
type Failure struct {
	Message string `json:"error"`
	Next    string `json:"next"`
	Code    int    `json:"exit"`

	Printed bool `json:"-"` // stdout already has its one object
}

func (f *Failure) Error() string { return f.Message }

// BadInput is a failure that the user can avoid by other arguments.
func BadInput(next, format string, args ...any) error {
	return &Failure{Message: fmt.Sprintf(format, args...), Next: next, Code: ExitBadInput}
}

// NotDone is a failure that other arguments alone would not avoid.
func NotDone(next, format string, args ...any) error {
	return &Failure{Message: fmt.Sprintf(format, args...), Next: next, Code: ExitNotDone}
}

var flagInText = regexp.MustCompile(`--([a-z]+)`)

// NextFor is what to do next after a command has failed, without the parts that name a flag
// which neither the command nor a node has.
func NextFor(cmd *cobra.Command, next string) string {
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

// AsFailure is the error as a command reports it.
func AsFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Message: err.Error(), Next: nextOfSystem(err), Code: ExitNotDone}
}

// nextOfSystem says what to do about an error that is only known by where it arose. It
// names no log: what is not in the message is in no log either.
func nextOfSystem(err error) string {
	var onFile *fs.PathError
	var onFiles *os.LinkError
	var onSocket *net.OpError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the file's name"
	case errors.Is(err, fs.ErrPermission):
		return "check the permissions of the file and its directory"
	case errors.As(err, &onFile), errors.As(err, &onFiles):
		return "check the file's name, its directory, and the disk that they are on"
	case errors.As(err, &onSocket):
		return "check the address, and this machine's network"
	}
	return "mend what the message names, then try again"
}
