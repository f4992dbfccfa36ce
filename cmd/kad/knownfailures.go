package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/identity"
	"kadmium/sim"
)

// listenNext is what to do about an address that no socket reaches.
const listenNext = "listen on both IP versions: --listen /ip4/0.0.0.0/udp/4100 --listen /ip6/::/udp/4100"

// protocolForm says what protocols look like.
const protocolForm = "a protocol is a name like /kad/echo/1: UTF-8, 1 to 64 bytes"

// knownFailures gives the errors of the packages below their exit code and what to
// do next, the most specific first.
var knownFailures = []struct {
	err  error
	code int
	next string
}{
	{syscall.ENOSPC, exitNotDone, "make room on the disk, then try again; a node writes again by itself within a minute"},
	{syscall.EMFILE, exitNotDone, "allow more open files: ulimit -n"},
	{kadmium.ErrOtherNetwork, exitBadInput, "give the --network that the directory is of, or choose another --data"},
	{kadmium.ErrOtherIdentity, exitBadInput, "restore the key file from a copy, or give the key with --key; or move kadmium.db away, and the node starts without what it held"},
	{identity.ErrBadKeyFile, exitBadInput, "name a key file, or make one: kad key new FILE"},
	{identity.ErrKeyExists, exitNotDone, "see what it is: kad key show FILE"},
	{identity.ErrBadPeerID, exitBadInput, "a peer ID is the text that `kad key show FILE` prints (12D3KooW...)"},
	{identity.ErrBadAddress, exitBadInput, addressForm},
	{kadmium.ErrBadAddress, exitBadInput, addressForm},
	{kadmium.ErrUnknownNamespace, exitBadInput, keyHint()},
	{kadmium.ErrTooLarge, exitBadInput, "a key may have 512 bytes, a key with its value about 1,000, a message's payload 1,024"},
	{kadmium.ErrEmptyKey, exitBadInput, "a key is text like /v/hello"},
	{kadmium.ErrInvalid, exitBadInput, "see what its namespace asks for: kad help put"},
	{kadmium.ErrBadProtocol, exitBadInput, protocolForm},
	{kadmium.ErrBadOption, exitBadInput, "kad help COMMAND says what each flag takes"},
	{sim.ErrBadConfig, exitBadInput, "kad help sim says what each flag takes"},
	{bench.ErrBadConfig, exitBadInput, "kad help bench says what each flag takes"},
	{bench.ErrFiles, exitNotDone, "allow more open files: ulimit -n; or choose fewer --nodes"},
	{kadmium.ErrBadConfig, exitBadInput, "kad help node says what each flag takes"},
	{kadmium.ErrAddressInUse, exitNotDone, "choose another port with --listen, or port 0 for any"},
	{kadmium.ErrListen, exitNotDone, "listen on an address of this machine: " + defaultListen + " is all of IPv4, /ip6/::/udp/4100 all of IPv6; ports under 1024 may need rights"},
	{kadmium.ErrSocket, exitNotDone, "start it again; if that does not help, see what the system says of its network and memory"},
	{kadmium.ErrInUse, exitNotDone, "stop the node that has it, or choose another --data"},
	{kadmium.ErrUnwritable, exitNotDone, "check the directory's permissions, or choose another --data"},
	{kadmium.ErrCorrupt, exitNotDone, "restore it from a copy; or move it away, and the node starts without what it held"},
	{kadmium.ErrVersion, exitNotDone, "use a kad of the version that wrote it, or choose another --data"},
	{kadmium.ErrNotFound, exitNotDone, "check the name, or see who was asked: --trace"},
	{kadmium.ErrNoSocket, exitNotDone, listenNext},
	{kadmium.ErrNoAnswer, exitNotDone, "check this machine's network, and that who was asked runs, is reachable over UDP, and is in the same --network"},
	{kadmium.ErrNoPeers, exitNotDone, "the node is alone: start it with --bootstrap ADDR"},
	{kadmium.ErrReplaced, exitNotDone, "see who changes the data directory; the node starts again with what is there now"},
	{kadmium.ErrJournal, exitNotDone, "check the disk of the data directory; the node writes again by itself within a minute of its mending"},
	{kadmium.ErrClosed, exitNotDone, "the node is ending; start it again"},
	{kadmium.ErrNotStored, exitNotDone, "see who was asked and what they said: --trace"},
	{kadmium.ErrSequence, exitNotDone, "choose another key, or wait: kad get KEY says when it expires (--seq 9223372036854775807 still wins with a value of greater bytes)"},
	{kadmium.ErrConflict, exitNotDone, "get the record anew and put with --cas and its sequence"},
	{kadmium.ErrOlder, exitNotDone, "put with a higher --seq, or none; kad get says if it has the highest there is"},
	{kadmium.ErrFull, exitNotDone, "try again later: the closest nodes have no room"},
	{kadmium.ErrTimeout, exitNotDone, "try again, or see who was silent: --trace"},
	{kadmium.ErrBusy, exitNotDone, "try again when the node has less to do"},
	{kadmium.ErrHandlerFailed, exitNotDone, "see the log of the peer's node; if it has nothing, too many messages were there at once: try again"},
	{kadmium.ErrNoHandler, exitNotDone, "check the protocol's name; every kad node answers /kad/echo/1"},
	{kadmium.ErrRefused, exitNotDone, "try again; if it goes on, the peer's disk may fail, which the log of its node tells"},
	{kadmium.ErrKeptHere, exitNotDone, "see kad table for the peers of the node; where none answers, it publishes this itself when one does, and --local accepts that"},
	{context.DeadlineExceeded, exitNotDone, "try again, or allow more time with --timeout"},
	{context.Canceled, exitNotDone, "it was interrupted; run it again"},
	{fs.ErrNotExist, exitNotDone, "check the file's name"},
	{fs.ErrPermission, exitNotDone, "check the permissions of the file and its directory"},
}

// asFailure is the error as the command reports it.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	for _, k := range knownFailures {
		if errors.Is(err, k.err) {
			return &failure{Message: plainWords(err), Next: k.next, Code: k.code}
		}
	}
	return &failure{Message: plainWords(err), Next: nextOfSystem(err), Code: exitNotDone}
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
