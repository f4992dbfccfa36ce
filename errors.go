package kadmium

import "errors"

// Errors of a Node, for errors.Is. What a method returns wraps one of these, or
// is the error of its context.
var (
	// ErrBadConfig reports a Config that cannot be used as it is.
	ErrBadConfig = errors.New("bad configuration")
	// ErrAddressInUse reports a UDP address that another socket holds.
	ErrAddressInUse = errors.New("address in use")
	// ErrInUse reports a data directory that another process has open.
	ErrInUse = errors.New("data directory in use")
	// ErrUnwritable reports a data directory that cannot be written.
	ErrUnwritable = errors.New("data directory cannot be written")
	// ErrCorrupt reports a damaged file in the data directory.
	ErrCorrupt = errors.New("file is damaged")
	// ErrClosed reports a call to a node that was closed.
	ErrClosed = errors.New("node is closed")

	// ErrBadAddress reports text that is not the address of a peer.
	ErrBadAddress = errors.New("not an address")
	// ErrEmptyKey reports a key of no bytes.
	ErrEmptyKey = errors.New("key is empty")
	// ErrTooLarge reports a key, record or payload over its limit.
	ErrTooLarge = errors.New("over the size limit")
	// ErrUnknownNamespace reports a key whose namespace has no validator here.
	ErrUnknownNamespace = errors.New("unknown namespace")
	// ErrInvalid reports a record that its namespace's validator refuses.
	ErrInvalid = errors.New("invalid record")
	// ErrBadOption reports an option outside its range.
	ErrBadOption = errors.New("bad option")

	// ErrNotFound reports a lookup that ended without what it was for.
	ErrNotFound = errors.New("not found")
	// ErrNoPeers reports a lookup that had nobody to ask.
	ErrNoPeers = errors.New("no peers known")
	// ErrNoAnswer reports a peer that answered none of a request's tries.
	ErrNoAnswer = errors.New("no answer")
	// ErrNotStored reports a put or provide that no node confirmed.
	ErrNotStored = errors.New("no node confirmed it")
	// ErrConflict reports a compare-and-swap that found another sequence.
	ErrConflict = errors.New("sequence has changed")
	// ErrOlder reports a put with a sequence below the held one.
	ErrOlder = errors.New("a newer record is held")
	// ErrNoHandler reports a message of a protocol that its receiver does not handle.
	ErrNoHandler = errors.New("peer does not handle the protocol")
	// ErrHandlerFailed reports a message whose handler at the receiver failed.
	ErrHandlerFailed = errors.New("peer's handler failed")
)
