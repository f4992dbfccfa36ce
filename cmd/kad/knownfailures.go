package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"kadmium"
	"kadmium/api"
	"kadmium/cmd/kad/bench"
	"kadmium/identity"
	"kadmium/sim"
)

// knownFailures gives the errors that only a command has, and no operation of a node, their
// exit code and what to do next, the most specific first.
var knownFailures = []struct {
	err  error
	code int
	next string
}{
	{syscall.EMFILE, exitNotDone, "allow more open files: ulimit -n"},
	{kadmium.ErrOtherNetwork, exitBadInput, "give the --network that the directory is of, or choose another --data"},
	{kadmium.ErrOtherIdentity, exitBadInput, "restore the key file from a copy, or give the key with --key; or move kadmium.db away, and the node starts without what it held"},
	{identity.ErrBadKeyFile, exitBadInput, "name a key file, or make one: kad key new FILE"},
	{identity.ErrKeyExists, exitNotDone, "see what it is: kad key show FILE"},
	{sim.ErrBadConfig, exitBadInput, "kad help sim says what each flag takes"},
	{bench.ErrBadConfig, exitBadInput, "kad help bench says what each flag takes"},
	{bench.ErrFiles, exitNotDone, "allow more open files: ulimit -n; or choose fewer nodes"},
	{kadmium.ErrBadConfig, exitBadInput, "kad help node says what each flag takes"},
	{kadmium.ErrAddressInUse, exitNotDone, "choose another port with --listen, or port 0 for any"},
	{kadmium.ErrListen, exitNotDone, "listen on an address of this machine: " + defaultListen + " is all of IPv4, /ip6/::/udp/4100 all of IPv6; ports under 1024 may need rights"},
	{kadmium.ErrSocket, exitNotDone, "start it again; if that does not help, see what the system says of its network and memory"},
	{kadmium.ErrInUse, exitNotDone, "stop the node that has it, or choose another --data"},
	{kadmium.ErrUnwritable, exitNotDone, "check the directory's permissions, or choose another --data"},
	{kadmium.ErrVersion, exitNotDone, "use a kad of the version that wrote it, or choose another --data"},
	{fs.ErrNotExist, exitNotDone, "check the file's name"},
	{fs.ErrPermission, exitNotDone, "check the permissions of the file and its directory"},
}

// asFailure is the error as the command reports it.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if p := api.ProblemOf(err); p != nil {
		return failureOf(p)
	}
	for _, k := range knownFailures {
		if errors.Is(err, k.err) {
			return &failure{Message: api.PlainWords(err), Next: k.next, Code: k.code}
		}
	}
	return &failure{Message: api.PlainWords(err), Next: nextOfSystem(err), Code: exitNotDone}
}

// failureOf is a problem of the API as the command reports it: with its lookup, if that has
// steps, and then with who refused.
func failureOf(p *api.Problem) *failure {
	f := &failure{Message: p.Detail, Next: p.Next, Code: p.Exit}
	if p.Lookup != nil && len(p.Lookup.Trace) > 0 {
		f.Lookup = p.Lookup
		var s kadmium.Stored
		if len(p.Result) > 0 && json.Unmarshal(p.Result, &s) == nil { // only those of a put or a provide
			f.RefusedBy = s.RefusedBy
		}
	}
	return f
}

// nextOfSystem says what to do about an error that is only known by where it arose. It
// names no log: what is not in the message is in no log either.
func nextOfSystem(err error) string {
	var onFile *fs.PathError
	var onFiles *os.LinkError
	var onSocket *net.OpError
	switch {
	case errors.As(err, &onFile), errors.As(err, &onFiles):
		return "check the file's name, its directory, and the disk that they are on"
	case errors.As(err, &onSocket):
		return "check the address, and this machine's network"
	}
	return "mend what the message names, then try again"
}

// exitCode is what the process ends with.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	return asFailure(err).Code
}
