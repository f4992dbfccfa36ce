package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"kadmium/identity"
	"kadmium/rpc"
)

// Errors of validation, for errors.Is.
var (
	// ErrInvalid reports a record or provider entry that its namespace refuses.
	ErrInvalid = errors.New("invalid")
	// ErrBadKey reports a key that is not spelled as its namespace wants.
	ErrBadKey = fmt.Errorf("%w key", ErrInvalid)
	// ErrEmptyKey reports that there is no key.
	ErrEmptyKey = fmt.Errorf("%w: the key is empty", ErrBadKey)
	// ErrUnknownNamespace reports a key in a namespace that nobody registered.
	ErrUnknownNamespace = fmt.Errorf("%w: unknown namespace", ErrBadKey)
	// ErrBadSignature reports a signature that is missing or not the publisher's.
	ErrBadSignature = fmt.Errorf("%w signature", ErrInvalid)
	// ErrSequence reports a sequence number over MaxSequence.
	ErrSequence = fmt.Errorf("%w sequence: must be under 2^63", ErrInvalid)
	// ErrTooLarge reports a key or record over its limit.
	ErrTooLarge = errors.New("too large")
	// ErrBadNamespace reports a name that cannot be registered.
	ErrBadNamespace = errors.New("bad namespace")
)

// MaxSequence is the highest sequence number: those from 2^63 up are refused, so
// that nobody can make a record that cannot be replaced.
const MaxSequence = 1<<63 - 1

// A Validator says which values may stand under the keys of a namespace, and
// which is the best. It is the interface of go-libp2p-record, so one written for
// libp2p serves unchanged. Keys come whole, with their namespace. Both methods
// must be safe for concurrent use.
type Validator interface {
	// Validate returns an error for a value that may not stand under the key.
	Validate(key string, value []byte) error
	// Select returns the index of the best of at least two valid values.
	Select(key string, values [][]byte) (int, error)
}

// Namespaces validates records and provider entries of one network, and decides
// who wins. Safe for concurrent use once all is registered.
type Namespaces struct {
	network string
	users   map[string]Validator
}

// The namespaces there are from the start (design, section 6).
const (
	blackboard = "v"   // /v/...: anyone may overwrite
	immutable  = "imm" // /imm/<SHA-256 of the value, 64 lower-case hex digits>
	signed     = "sig" // /sig/<peer ID>/<name>: signed by that peer
	publicKey  = "pk"  // /pk/<peer ID>: its key as libp2p encodes it
)

// NewNamespaces knows the built-in namespaces of the network of that name.
func NewNamespaces(network string) *Namespaces { return &Namespaces{network: network} }

// Network is the network's name, which signatures cover.
func (n *Namespaces) Network() string { return n.network }

// Register adds a namespace: keys /name/... are then judged by v. The name must
// be new, not empty and without a slash; the error is ErrBadNamespace otherwise.
func (n *Namespaces) Register(name string, v Validator) error {
	if name == "" || strings.Contains(name, "/") || v == nil {
		return fmt.Errorf("%w: %q: want a name without slashes, and a validator", ErrBadNamespace, name)
	}
	if n.users[name] != nil || isBuiltin(name) {
		return fmt.Errorf("%w: %q is taken", ErrBadNamespace, name)
	}
	if n.users == nil {
		n.users = make(map[string]Validator)
	}
	n.users[name] = v
	return nil
}

func isBuiltin(name string) bool {
	return name == blackboard || name == immutable || name == signed || name == publicKey
}

// split takes /namespace/rest apart. ok is false if the key is not of that form.
func split(key []byte) (name, rest string, ok bool) {
	if len(key) == 0 || key[0] != '/' {
		return "", "", false
	}
	name, rest, ok = strings.Cut(string(key[1:]), "/")
	return name, rest, ok && name != "" && rest != ""
}

// CheckKey reports what is wrong with a record's key, nil if nothing: ErrEmptyKey,
// ErrTooLarge, ErrUnknownNamespace or ErrBadKey.
func (n *Namespaces) CheckKey(key []byte) error {
	if err := CheckProviderKey(key); err != nil {
		return err
	}
	name, rest, ok := split(key)
	switch {
	case !ok:
		return fmt.Errorf("%w %q: want /namespace/name, such as /v/hello", ErrBadKey, shown(key))
	case name == immutable:
		_, err := parseDigest(rest)
		return err
	case name == signed:
		_, err := parseSigned(rest)
		return err
	case name == publicKey:
		_, err := parsePublicKey(rest)
		return err
	case name == blackboard || n.users[name] != nil:
		return nil
	}
	return fmt.Errorf("%w %q: known are %s", ErrUnknownNamespace, name, n.names())
}

// CheckProviderKey reports what is wrong with the key of a provider entry, which
// may be any bytes: ErrEmptyKey, ErrTooLarge, or nil.
func CheckProviderKey(key []byte) error {
	if len(key) == 0 {
		return ErrEmptyKey
	}
	if len(key) > rpc.MaxKey {
		return fmt.Errorf("%w: a key of %d bytes, at most %d", ErrTooLarge, len(key), rpc.MaxKey)
	}
	return nil
}

// Costly reports whether validating a record under the key may take long, so that
// a worker should do it: a signature check, or a user's validator.
func (n *Namespaces) Costly(key []byte) bool {
	name, _, ok := split(key)
	return ok && (name == signed || n.users[name] != nil)
}

// Publisher is the peer that must sign the records under the key, if the
// namespace has publishers.
func (n *Namespaces) Publisher(key []byte) (identity.ID, bool) {
	name, rest, ok := split(key)
	if !ok || name != signed {
		return identity.ID{}, false
	}
	id, err := parseSigned(rest)
	return id, err == nil
}

// Validate reports what is wrong with a record, nil if nothing: an error of
// CheckKey, ErrTooLarge, ErrSequence, ErrBadSignature or ErrInvalid.
func (n *Namespaces) Validate(r *rpc.Record) error {
	if err := n.CheckKey(r.Key); err != nil {
		return err
	}
	if size := rpc.RecordSize(r); size > rpc.MaxRecord {
		return fmt.Errorf("%w: an encoded record of %d bytes, at most %d", ErrTooLarge, size, rpc.MaxRecord)
	}
	if r.Sequence > MaxSequence {
		return ErrSequence
	}
	name, rest, _ := split(r.Key)
	if name == signed {
		return n.verifyRecord(r)
	}
	if !r.Publisher.IsZero() || len(r.Signature) > 0 {
		return fmt.Errorf("%w: records of /%s are not signed", ErrBadSignature, name)
	}
	switch name {
	case blackboard:
		return nil
	case immutable:
		return checkDigest(rest, r.Value)
	case publicKey:
		return checkPublicKey(rest, r.Value)
	}
	if err := n.users[name].Validate(string(r.Key), r.Value); err != nil {
		return fmt.Errorf("%w: /%s: %w", ErrInvalid, name, err)
	}
	return nil
}

// stale reports a held record that a user's validator no longer accepts: some let
// values expire.
func (n *Namespaces) stale(r *rpc.Record) bool {
	if len(n.users) == 0 {
		return false
	}
	name, _, _ := split(r.Key)
	v := n.users[name]
	return v != nil && v.Validate(string(r.Key), r.Value) != nil
}

// Better says which of two valid records of one key wins: positive for a,
// negative for b, 0 if it makes no difference. In a user's namespace Select
// decides; then, and elsewhere at once, the higher sequence wins, then the
// greater bytes, so that all holders converge. Records that their key determines
// (/imm, /pk) are all the same, whatever their sequence.
func (n *Namespaces) Better(a, b *rpc.Record) int {
	name, _, _ := split(a.Key)
	if name == immutable || name == publicKey {
		return 0
	}
	if v := n.users[name]; v != nil {
		if c := selected(v, string(a.Key), a.Value, b.Value); c != 0 {
			return c
		}
	}
	if a.Sequence != b.Sequence {
		if a.Sequence > b.Sequence {
			return 1
		}
		return -1
	}
	return bytes.Compare(a.Value, b.Value)
}

// selected is Select's opinion of two values. It takes the first of equals, as
// libp2p's do, so only an answer that survives turning them round counts.
func selected(v Validator, key string, a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	first, err := v.Select(key, [][]byte{a, b})
	if err != nil {
		return 0
	}
	second, err := v.Select(key, [][]byte{b, a})
	if err != nil || first == second {
		return 0
	}
	if first == 0 {
		return 1
	}
	return -1
}

// StatusOf is the status that tells a peer of Validate's or VerifyProvider's
// error; OK for nil.
func StatusOf(err error) rpc.Status {
	switch {
	case err == nil:
		return rpc.OK
	case errors.Is(err, ErrTooLarge):
		return rpc.TooLarge
	}
	return rpc.Invalid
}
