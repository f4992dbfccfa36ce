package main

import (
	"io"

	"kadmium/driver"
	"kadmium/identity"
	"kadmium/internal/cli"
)

// An app is one run of the command.
type app struct {
	cli.App
	log      *driver.Log // of a node, with stderr; nil: there is none
	logLines bool        // all that the node writes to stderr is a line of its log
}

// shown is an address for a line that has so many columns beside it. At a terminal where it
// would break, it is the short form of the ID and the endpoint.
func (a *app) shown(addr identity.Address, beside int) string {
	full := addr.String()
	if columns := cli.Width(a.Terminal); columns == 0 || addr.ID.IsZero() || beside+len(full) <= columns {
		return full
	}
	return addr.ID.Short() + "  " + addr.Endpoint.String()
}

// printValue is print for a value, which plain stands alone and is exactly its bytes. On a
// terminal its line is ended, so that the prompt does not follow it.
func (a *app) printValue(result any, value []byte) error {
	return a.Print(result, func(w io.Writer) {
		_, _ = w.Write(value) // into memory
		if a.Terminal != nil && len(value) > 0 && value[len(value)-1] != '\n' {
			_, _ = w.Write([]byte{'\n'})
		}
	})
}
