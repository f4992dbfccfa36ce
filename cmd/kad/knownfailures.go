package main

import (
	"encoding/json"
	"errors"
	"syscall"

	"kadmium"
	"kadmium/api"
	"kadmium/cmd/kad/bench"
	"kadmium/identity"
	"kadmium/internal/cli"
	"kadmium/sim"
)

// knownFailures gives the errors that only a command has, and no operation of a node, their
// exit code and what to do next, the most specific first.
var knownFailures = []struct {
	err  error
	code int
	next string
}{
	{syscall.EMFILE, cli.ExitNotDone, "allow more open files: ulimit -n"},
	{kadmium.ErrOtherNetwork, cli.ExitBadInput, "give the --network that the directory is of, or choose another --data"},
	{kadmium.ErrOtherIdentity, cli.ExitBadInput, "restore the key file from a copy, or give the key with --key; or move kadmium.db away, and the node starts without what it held"},
	{identity.ErrBadKeyFile, cli.ExitBadInput, "name a key file, or make one: kad key new FILE"},
	{identity.ErrKeyExists, cli.ExitNotDone, "see what it is: kad key show FILE"},
	{sim.ErrBadConfig, cli.ExitBadInput, "kad help sim says what each flag takes"},
	{bench.ErrBadConfig, cli.ExitBadInput, "kad help bench says what each flag takes"},
	{bench.ErrFiles, cli.ExitNotDone, "allow more open files: ulimit -n; or choose fewer nodes"},
	{kadmium.ErrBadConfig, cli.ExitBadInput, "kad help node says what each flag takes"},
	{kadmium.ErrAddressInUse, cli.ExitNotDone, "choose another port with --listen, or port 0 for any"},
	{kadmium.ErrListen, cli.ExitNotDone, "listen on an address of this machine: " + defaultListen + " is all of IPv4, /ip6/::/udp/4100 all of IPv6; ports under 1024 may need rights"},
	{kadmium.ErrSocket, cli.ExitNotDone, "start it again; if that does not help, see what the system says of its network and memory"},
	{kadmium.ErrInUse, cli.ExitNotDone, "stop the node that has it, or choose another --data"},
	{kadmium.ErrUnwritable, cli.ExitNotDone, "check the directory's permissions, or choose another --data"},
	{kadmium.ErrVersion, cli.ExitNotDone, "use a kad of the version that wrote it, or choose another --data"},
}

// A failure is what the command reports, with what failed.
type failure struct {
	cli.Failure
	// Lookup is the one that failed, with --trace.
	Lookup *kadmium.Lookup `json:"lookup,omitempty"`
	// RefusedBy are likewise the nodes that were to hold what was put or provided.
	RefusedBy []kadmium.Refusal `json:"refused_by,omitempty"`
}

// asFailure is the error as the command reports it.
func asFailure(err error) *failure {
	var f *cli.Failure
	if errors.As(err, &f) {
		return &failure{Failure: *f}
	}
	if p := api.ProblemOf(err); p != nil {
		return failureOf(p)
	}
	for _, k := range knownFailures {
		if errors.Is(err, k.err) {
			return &failure{Failure: cli.Failure{Message: api.PlainWords(err), Next: k.next, Code: k.code}}
		}
	}
	known := *cli.AsFailure(err)
	known.Message = api.PlainWords(err)
	return &failure{Failure: known}
}

// failureOf is a problem of the API as the command reports it: with its lookup, if that has
// steps, and then with who refused.
func failureOf(p *api.Problem) *failure {
	f := &failure{Failure: cli.Failure{Message: p.Detail, Next: p.Next, Code: p.Exit}}
	if p.Lookup != nil && len(p.Lookup.Trace) > 0 {
		f.Lookup = p.Lookup
		var s kadmium.Stored
		if len(p.Result) > 0 && json.Unmarshal(p.Result, &s) == nil { // only those of a put or a provide
			f.RefusedBy = s.RefusedBy
		}
	}
	return f
}

// exitCode is what the process ends with.
func exitCode(err error) int {
	if err == nil {
		return cli.ExitDone
	}
	return asFailure(err).Code
}
