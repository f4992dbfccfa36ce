package rpc

import (
	"errors"
	"fmt"
)

// Errors of encoding and decoding; what a Codec returns wraps one of them.
var (
	// ErrTooLarge reports a message, or a part of one, over its limit.
	ErrTooLarge = errors.New("over a size limit")
	// ErrBadMessage reports a message that is malformed, or lacks what its RPC
	// needs.
	ErrBadMessage = errors.New("malformed message")
	// ErrBadProtocol reports a protocol name that is not UTF-8 of 1 to MaxProtocol bytes.
	ErrBadProtocol = errors.New("bad protocol name")
)

// These are made once, so that malformed datagrams cost no allocation.
var (
	errType      = fmt.Errorf("%w: no such RPC", ErrBadMessage)
	errProtobuf  = fmt.Errorf("%w: not protobuf", ErrBadMessage)
	errTarget    = fmt.Errorf("%w: a target has 32 bytes", ErrBadMessage)
	errNoKey     = fmt.Errorf("%w: no key", ErrBadMessage)
	errNoRecord  = fmt.Errorf("%w: no record", ErrBadMessage)
	errNoEntry   = fmt.Errorf("%w: no provider entry", ErrBadMessage)
	errProtocol  = fmt.Errorf("%w: no protocol name", ErrBadMessage)
	errSettled   = fmt.Errorf("%w: a request ID has 8 bytes", ErrBadMessage)
	errCursor    = fmt.Errorf("%w: a page of providers begins after 32 bytes", ErrBadMessage)
	errCoords    = fmt.Errorf("%w: a contact's coordinate has 6 bytes", ErrBadMessage)
	errTags      = fmt.Errorf("%w: a tag has 2 bytes", ErrBadMessage)
	errContacts  = fmt.Errorf("%w: contacts are packed wrongly", ErrBadMessage)
	errNoContact = fmt.Errorf("%w: a contact that cannot be contacted", ErrBadMessage)
	errObserved  = fmt.Errorf("%w: the observed address is packed wrongly", ErrBadMessage)
	errPublisher = fmt.Errorf("%w: a publisher has 32 bytes", ErrBadMessage)
	errSignature = fmt.Errorf("%w: a signature has 64 bytes", ErrBadMessage)

	errBody     = fmt.Errorf("%w: a body of more than %d bytes", ErrTooLarge, MaxDatagram)
	errKeySize  = fmt.Errorf("%w: a key of more than %d bytes", ErrTooLarge, MaxKey)
	errRecord   = fmt.Errorf("%w: a record of more than %d bytes", ErrTooLarge, MaxRecord)
	errNames    = fmt.Errorf("%w: a protocol name of more than %d bytes", ErrTooLarge, MaxProtocol)
	errPayload  = fmt.Errorf("%w: a payload of more than %d bytes", ErrTooLarge, MaxPayload)
	errMany     = fmt.Errorf("%w: more than %d contacts", ErrTooLarge, MaxContacts)
	errManyIDs  = fmt.Errorf("%w: more than %d settled requests", ErrTooLarge, MaxSettled)
	errAbout    = fmt.Errorf("%w: a description of more than %d bytes", ErrTooLarge, MaxDescription)
	errListed   = fmt.Errorf("%w: more than %d protocols", ErrTooLarge, MaxProtocols)
	errManyTags = fmt.Errorf("%w: more than %d tags", ErrTooLarge, MaxTags)
)
