package transport

import (
	"errors"

	"kadmium/rpc"
	"kadmium/session"
)

// A reason says why a datagram was dropped (wire.md rule 9).
type reason int

const notDropped reason = -1

const (
	dropLength reason = iota
	dropVersion
	dropKind
	dropLayout
	dropNetwork
	dropDestination
	dropSender
	dropType
	dropWrite
	dropLimit
	dropCookie
	dropQueue
	dropSignature
	dropUnsolicited
	dropAddress
	dropSession
	dropSeal
	dropReplay
	dropNotice
	dropReads
	dropBusy
	dropSend
	reasonCount
)

var reasonNames = [reasonCount]string{
	dropLength:      "wrong length",
	dropVersion:     "unknown version",
	dropKind:        "unknown kind",
	dropLayout:      "bad layout",
	dropNetwork:     "another network",
	dropDestination: "another destination",
	dropSender:      "impossible sender",
	dropType:        "unexpected type",
	dropWrite:       "write as first contact",
	dropLimit:       "first contacts over limit",
	dropCookie:      "bad cookie",
	dropQueue:       "queue full",
	dropSignature:   "bad signature",
	dropUnsolicited: "unsolicited",
	dropAddress:     "wrong address",
	dropSession:     "unknown session",
	dropSeal:        "bad seal",
	dropReplay:      "replayed",
	dropNotice:      "unknown notice",
	dropReads:       "reads over limit",
	dropBusy:        "being dealt with already",
	dropSend:        "sending failed",
}

// String is the reason as Stats names it.
func (r reason) String() string { return reasonNames[r] }

var reasons = []struct {
	err error
	why reason
}{
	{session.ErrLength, dropLength},
	{session.ErrVersion, dropVersion},
	{session.ErrKind, dropKind},
	{session.ErrNetwork, dropNetwork},
	{session.ErrDestination, dropDestination},
	{session.ErrSender, dropSender},
	{session.ErrType, dropType},
	{session.ErrSignature, dropSignature},
	{session.ErrKeyExchange, dropSignature},
	{session.ErrReplay, dropReplay},
	{session.ErrSeal, dropSeal},
}

// reasonOf is the reason that an error of package session counts as.
func reasonOf(err error) reason {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.why
		}
	}
	return dropLayout
}

// reasonOfFirst is reasonOf for a first request, and tells writes from unknown types.
func reasonOfFirst(err error, f *session.FirstRequest) reason {
	if r := rpc.Type(f.Type); errors.Is(err, session.ErrType) && r.Valid() && !r.IsRead() {
		return dropWrite
	}
	return reasonOf(err)
}
