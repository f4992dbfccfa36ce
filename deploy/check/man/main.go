// Man writes the manual pages of kad into a directory. It reads what kad help --json prints:
//
//	kad help --json | go run ./man DIR
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: kad help --json | man DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Stdin, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

// write writes the pages that the help makes, of a date.
func write(dir string, help io.Reader, date time.Time) error {
	var root commandHelp
	if err := json.NewDecoder(help).Decode(&root); err != nil {
		return fmt.Errorf("reading the output of kad help --json: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	header := &doc.GenManHeader{Section: "1", Source: "kadmium", Manual: "kadmium", Date: &date}
	return doc.GenManTree(root.command(), header, dir)
}

// A commandHelp is what kad says of a command.
type commandHelp struct {
	Command, Usage, Short, Long, Example string
	Flags                                []struct{ Name, Usage, Default string }
	Commands                             []commandHelp
}

// command is the command as cobra describes it. It is for its pages, and runs nothing.
func (h *commandHelp) command() *cobra.Command {
	parent := h.Command[:strings.LastIndex(h.Command, " ")+1]
	cmd := &cobra.Command{
		Use:   strings.TrimPrefix(h.Usage, parent),
		Short: h.Short, Long: h.Long, Example: h.Example,
		DisableAutoGenTag: true, DisableFlagsInUseLine: true,
		Run: func(*cobra.Command, []string) {},
	}
	for _, f := range h.Flags {
		name := strings.TrimPrefix(f.Name, "--")
		if f.Default == "true" || f.Default == "false" {
			cmd.Flags().Bool(name, f.Default == "true", f.Usage)
			continue
		}
		cmd.Flags().String(name, strings.Trim(f.Default, "[]"), f.Usage)
	}
	for i := range h.Commands {
		cmd.AddCommand(h.Commands[i].command())
	}
	return cmd
}
