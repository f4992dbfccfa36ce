package kadmium

import (
	"errors"
	"fmt"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/peerbook"
	"kadmium/rpc"
	"kadmium/store"
	"kadmium/store/disk"
	"kadmium/transport"
)

// Errors of a Node, for errors.Is. What a method returns wraps one of these, or is the
// error of its context. New passes other errors of the system on.
var (
	// ErrBadConfig reports a Config that cannot be used as it is.
	ErrBadConfig = driver.ErrBadConfig
	// ErrAddressInUse reports a UDP address that another socket holds.
	ErrAddressInUse = driver.ErrAddressInUse
	// ErrListen reports an address that cannot be bound for another reason, as one that
	// is not this machine's.
	ErrListen = driver.ErrListen
	// ErrSocket reports a socket that could neither be read nor bound anew for a minute.
	ErrSocket = transport.ErrSocket
	// ErrInUse reports a data directory that another process has open.
	ErrInUse = disk.ErrInUse
	// ErrUnwritable reports a data directory that cannot be written.
	ErrUnwritable = disk.ErrUnwritable
	// ErrCorrupt reports a damaged file in the data directory.
	ErrCorrupt = disk.ErrCorrupt
	// ErrReplaced reports a file of the data directory that was removed, replaced or written
	// by somebody else while the node was running.
	ErrReplaced = disk.ErrReplaced
	// ErrVersion reports a data directory in another version's format.
	ErrVersion = disk.ErrVersion
	// ErrOtherNetwork reports a data directory with the records of another network.
	ErrOtherNetwork = disk.ErrOtherNetwork
	// ErrOtherIdentity reports a data directory with the records of another identity.
	ErrOtherIdentity = disk.ErrOtherIdentity
	// ErrNoSocket reports an address of an IP version that the node does not listen on,
	// beside ErrNoAnswer.
	ErrNoSocket = driver.ErrNoSocket
	// ErrClosed reports a call to a node that was closed.
	ErrClosed = driver.ErrClosed

	// ErrBadAddress reports text that is not the address of a peer.
	ErrBadAddress = identity.ErrBadAddress
	// ErrEmptyKey reports a key of no bytes.
	ErrEmptyKey = store.ErrEmptyKey
	// ErrTooLarge reports a key, record or payload over its limit.
	ErrTooLarge = store.ErrTooLarge
	// ErrUnknownNamespace reports a key whose namespace has no validator here.
	ErrUnknownNamespace = store.ErrUnknownNamespace
	// ErrInvalid reports a key or record that its namespace refuses.
	ErrInvalid = store.ErrInvalid
	// ErrBadProtocol reports a protocol name that is not UTF-8 of 1 to rpc.MaxProtocol bytes.
	ErrBadProtocol = rpc.ErrBadProtocol
	// ErrBadNote reports a note without a proper name, or over its limit.
	ErrBadNote = peerbook.ErrBadNote
	// ErrNotesFull reports one note more than there may be.
	ErrNotesFull = peerbook.ErrNotesFull
	// ErrBadOption reports an option outside its range.
	ErrBadOption = errors.New("bad option")

	// ErrNotFound reports a lookup that ended without what it was for.
	ErrNotFound = engine.ErrNotFound
	// ErrNoPeers reports a lookup that had nobody to ask.
	ErrNoPeers = engine.ErrNoPeers
	// ErrOtherPeer reports, beside ErrNoAnswer, an address at which another peer answers than
	// the one named with it.
	ErrOtherPeer = driver.ErrOtherPeer
	// ErrOnlyClients reports, beside ErrNoPeers, that peers answer and that all of them are
	// clients.
	ErrOnlyClients = driver.ErrOnlyClients
	// ErrNoAnswer reports that none of a request's tries was answered, or of a lookup that
	// nobody answered.
	ErrNoAnswer = engine.ErrNoAnswer
	// ErrTimeout reports a lookup that ran for engine.LookupTimeout.
	ErrTimeout = engine.ErrTimeout
	// ErrBusy reports too many operations at once.
	ErrBusy = engine.ErrBusy
	// ErrNotStored reports a put or provide that no node confirmed.
	ErrNotStored = engine.ErrNotStored
	// ErrKeptHere reports a put or provide that only this node has, though others should:
	// it is away from the network, or they refuse it. In the first case it is published as
	// soon as somebody answers, unless it is ErrBusy too: too many wait. A node without bootstrap peers that never met anybody is a
	// network of its own, and has no such error.
	ErrKeptHere = engine.ErrKeptHere
	// ErrJournal reports a write that could not be made to last.
	ErrJournal = engine.ErrJournal
	// ErrRefused reports what a peer refused to do; one of those below says why.
	ErrRefused = engine.ErrRefused
	// ErrSequence reports a put where a record has the highest sequence there is: until it
	// expires only another with that sequence, and greater bytes, replaces it.
	ErrSequence = engine.ErrSequence
	// ErrConflict reports a compare-and-swap that found another sequence.
	ErrConflict = errors.New("the sequence has changed")
	// ErrOlder reports a put that is not newer than what is held.
	ErrOlder = errors.New("a newer record is held")
	// ErrFull reports a put that found no room.
	ErrFull = errors.New("no room")
	// ErrNoHandler reports a message of a protocol that its receiver does not handle.
	ErrNoHandler = errors.New("the peer does not handle the protocol")
	// ErrHandlerFailed reports a message whose handler at the receiver failed.
	ErrHandlerFailed = errors.New("the peer's handler failed")
)

// publicError adds this package's error for a peer's refusal to an operation's error.
func publicError(err error) error {
	var refusal *engine.StatusError
	if !errors.As(err, &refusal) {
		return err
	}
	meaning := map[rpc.Status]error{
		rpc.Older:     ErrOlder,
		rpc.Conflict:  ErrConflict,
		rpc.Full:      ErrFull,
		rpc.Invalid:   ErrInvalid,
		rpc.TooLarge:  ErrTooLarge,
		rpc.NoHandler: ErrNoHandler,
	}[refusal.Status]
	if meaning == nil {
		return err
	}
	return fmt.Errorf("%w (%w)", meaning, err)
}

func errNegative(option string) error {
	return fmt.Errorf("%w: %s is negative", ErrBadOption, option)
}
