package api

import (
	"context"
	"net/http"
	"strings"
	"syscall"

	"kadmium"
	"kadmium/identity"
	"kadmium/store"
)

// What to do about an address, a protocol's name, or an address that no socket reaches.
const (
	AddressForm   = "an address is /ip4/203.0.113.7/udp/4100/p2p/12D3KooW..., /ip6/..., /dns4/seed.example/udp/4100, /dnsaddr/seed.example, or host:port"
	ProtocolForm  = "a protocol is a name like /kad/echo/1: UTF-8, 1 to 64 bytes"
	OtherPeerNext = "name the peer that you mean by its address or its ID; without /p2p/ID whoever lives at an address is asked"
	ListenNext    = "listen on both IP versions: --listen /ip4/0.0.0.0/udp/4100 --listen /ip6/::/udp/4100"
)

// A knownProblem says how an error of a node is reported.
type knownProblem struct {
	err    error
	name   string // of the problem's type
	status int
	exit   int
	next   string // where no lookup failed, or its steps are shown
}

// nextUntraced are what to do next, by problem, after a lookup whose steps are not shown.
var nextUntraced = map[string]string{
	"not-found":        "check the name, or see who was asked: --trace",
	"lookup-timed-out": "try again, or see who was silent: --trace",
	"not-stored":       "see who was asked and what they said: --trace",
}

// nextOfLookup is what to do next after a lookup that has failed.
func nextOfLookup(p *Problem, traced bool) string {
	if next := nextUntraced[strings.TrimPrefix(p.Type, typePrefix)]; next != "" && !traced {
		return next
	}
	return p.Next
}

// knownProblems are the errors that an operation of a node can have, the most specific
// first.
var knownProblems = []knownProblem{
	{syscall.ENOSPC, "disk-full", http.StatusInsufficientStorage, exitNotDone, "make room on the disk, then try again; a node writes again by itself within a minute"},
	{identity.ErrBadPeerID, "bad-peer-id", http.StatusBadRequest, exitBadInput, "a peer ID is the text that `kad key show FILE` prints (12D3KooW...)"},
	{kadmium.ErrBadAddress, "bad-address", http.StatusBadRequest, exitBadInput, AddressForm},
	{kadmium.ErrUnknownNamespace, "unknown-namespace", http.StatusUnprocessableEntity, exitBadInput, KeyForms()},
	{kadmium.ErrTooLarge, "too-large", http.StatusRequestEntityTooLarge, exitBadInput, "a key may have 512 bytes, a key with its value about 1,000, a message's payload 1,024"},
	{kadmium.ErrEmptyKey, "empty-key", http.StatusBadRequest, exitBadInput, "a key is text like /v/hello"},
	{kadmium.ErrInvalid, "invalid", http.StatusUnprocessableEntity, exitBadInput, "see what its namespace asks for: kad help put"},
	{kadmium.ErrBadProtocol, "bad-protocol", http.StatusBadRequest, exitBadInput, ProtocolForm},
	{kadmium.ErrBadNote, "bad-note", http.StatusUnprocessableEntity, exitBadInput, "a note's name is UTF-8 of 1 to 64 bytes, and a note has 1024 bytes at most"},
	{kadmium.ErrNotesFull, "notes-full", http.StatusInsufficientStorage, exitNotDone, "remove notes that are no longer needed"},
	{kadmium.ErrBadOption, "bad-option", http.StatusBadRequest, exitBadInput, "kad help COMMAND says what each flag takes"},
	{kadmium.ErrNotFound, "not-found", http.StatusNotFound, exitNotDone, "check the name"},
	{kadmium.ErrNoSocket, "no-socket", http.StatusGatewayTimeout, exitNotDone, ListenNext},
	{kadmium.ErrOnlyClients, "only-clients", http.StatusServiceUnavailable, exitNotDone, "let UDP datagrams that nobody asked for through to the port of one of them, or start it with --mode server"},
	{kadmium.ErrOtherPeer, "other-peer", http.StatusGatewayTimeout, exitNotDone, OtherPeerNext},
	{kadmium.ErrNoAnswer, "no-answer", http.StatusGatewayTimeout, exitNotDone, "check this machine's network, and that who was asked runs, is reachable over UDP, and is in the same --network"},
	{kadmium.ErrNoPeers, "no-peers", http.StatusServiceUnavailable, exitNotDone, "the node is alone: start it with --bootstrap and the address of another node"},
	{kadmium.ErrReplaced, "journal-replaced", http.StatusInternalServerError, exitNotDone, "see who changes the data directory; the node starts again with what is there now"},
	{kadmium.ErrCorrupt, "journal-damaged", http.StatusInternalServerError, exitNotDone, "restore it from a copy; or move it away, and the node starts without what it held"},
	{kadmium.ErrJournal, "journal", http.StatusInternalServerError, exitNotDone, "check the disk of the data directory; the node writes again by itself within a minute of its mending"},
	{kadmium.ErrClosed, "closed", http.StatusServiceUnavailable, exitNotDone, "the node is ending; start it again"},
	{kadmium.ErrSequence, "last-sequence", http.StatusConflict, exitNotDone, "choose another key, or put with --seq 9223372036854775807 and a value of greater bytes; else it has to expire, as kad get KEY says when, and its publisher not to publish it again (kad unpublish KEY)"},
	{kadmium.ErrConflict, "conflict", http.StatusPreconditionFailed, exitNotDone, "get the record anew and put with --cas and its sequence"},
	{kadmium.ErrOlder, "older", http.StatusConflict, exitNotDone, "put with a higher --seq or with none"},
	{kadmium.ErrFull, "full", http.StatusInsufficientStorage, exitNotDone, "try again later: the closest nodes have no room"},
	{kadmium.ErrTimeout, "lookup-timed-out", http.StatusGatewayTimeout, exitNotDone, "try again, or allow more time with --timeout"},
	{kadmium.ErrBusy, "busy", http.StatusTooManyRequests, exitNotDone, "try again when the node has less to do"},
	{kadmium.ErrHandlerFailed, "handler-failed", http.StatusBadGateway, exitNotDone, "see the log of the peer's node; if it has nothing, too many messages were there at once: try again"},
	{kadmium.ErrNoHandler, "no-handler", http.StatusNotFound, exitNotDone, "check the protocol's name; every kad node answers /kad/echo/1"},
	{kadmium.ErrNotStored, "not-stored", http.StatusBadGateway, exitNotDone, "try again; who was asked did not answer, or said why not"},
	{kadmium.ErrRefused, "refused", http.StatusBadGateway, exitNotDone, "try again; if it goes on, the peer's disk may fail, which the log of its node tells"},
	{kadmium.ErrKeptHere, "kept-here", http.StatusGatewayTimeout, exitNotDone, "see kad table for the peers of the node; where none answers, it publishes this itself when one does, and --local accepts that"},
	{context.DeadlineExceeded, "timed-out", http.StatusGatewayTimeout, exitNotDone, "try again, or allow more time with --timeout"},
	{context.Canceled, "interrupted", http.StatusServiceUnavailable, exitNotDone, "it was interrupted; run it again"},
}

// KeyForms says what keys look like.
func KeyForms() string {
	var forms []string
	for _, f := range store.Forms() {
		forms = append(forms, f.Hint)
	}
	last := len(forms) - 1
	return "use " + strings.Join(forms[:last], ", ") + " or " + forms[last]
}
