package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kadmium/identity"
	"kadmium/rpc"
)

// Errors of validation, for errors.Is.
var (
	// ErrInvalid reports a record or provider entry that its namespace refuses.
	ErrInvalid = errors.New("invalid")
	// ErrBadKey reports a key that does not have the form its namespace asks for.
	ErrBadKey = fmt.Errorf("%w key", ErrInvalid)
	// ErrEmptyKey reports that there is no key.
	ErrEmptyKey = fmt.Errorf("%w: the key is empty", ErrBadKey)
	// ErrUnknownNamespace reports a key whose namespace is not registered.
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

// MaxSequence is the highest sequence number. Higher ones are refused, so that every
// record can be replaced.
const MaxSequence = 1<<63 - 1

// Namespaces validates records and provider entries of one network, and decides
// which record of a key wins. Safe for concurrent use after the last Register.
type Namespaces struct {
	network     string
	users       map[string]*namespace
	revalidates bool // a row has revalidate; without one Get need not look at the key
	onPanic     func(of string, value any)
}

// A namespace is one row of the table: the rules for keys /name/rest. A rule that is
// nil forbids nothing.
type namespace struct {
	name string
	form Form
	// checkKey reports what is wrong with what follows /name/.
	checkKey func(rest string) error
	// publisher is the peer that must sign the records of a key; nil: none are signed.
	publisher func(rest string) (identity.ID, error)
	// checkValue reports a value that is not valid under the key.
	checkValue func(key, rest string, value []byte) error
	// prefer says which of two values wins, as Better does, before sequences count, and
	// whether a user's code survived the question.
	prefer func(key string, a, b []byte) (prefer int, survived bool)
	// determined: the key determines the value. All records of a key are then alike,
	// and not numbered.
	determined bool
	// costly: validation takes a signature check or a user's code.
	costly bool
	// revalidate: a value may become invalid while it is held, so each Get checks it.
	revalidate bool
}

// builtins are the namespaces of every network (design R6.1; wire.md, section 8).
// Those that a user registers are made by ofValidator.
var builtins = [...]namespace{
	{
		name: "v",
		form: Form{Key: "/v/NAME", Hint: "/v/NAME", Meaning: "a public blackboard: anyone may overwrite, the higher sequence wins"},
	},
	{
		name:       "imm",
		form:       Form{Key: "/imm/SHA-256", Hint: "/imm/SHA-256 in hex", Meaning: "immutable: the value's hash, in hex"},
		checkKey:   parses(parseDigest),
		checkValue: checkDigest,
		determined: true,
	},
	{
		name:      "sig",
		form:      Form{Key: "/sig/PEER/NAME", Hint: "/sig/PEER/NAME", Meaning: "signed by that peer, which must be the node that puts it"},
		checkKey:  parses(parseSigned),
		publisher: parseSigned,
		costly:    true,
	},
	{
		name:       "pk",
		form:       Form{Key: "/pk/PEER", Hint: "/pk/PEER", Meaning: "a peer's public key"},
		checkKey:   parses(parsePublicKey),
		checkValue: checkPublicKey,
		determined: true,
	},
}

// A Form describes the keys of a built-in namespace in help texts.
type Form struct {
	Key     string // the pattern alone
	Hint    string // the pattern in a sentence
	Meaning string // what is stored under such a key
}

// Forms are those of the built-in namespaces.
func Forms() []Form {
	forms := make([]Form, len(builtins))
	for i := range builtins {
		forms[i] = builtins[i].form
	}
	return forms
}

// NewNamespaces makes the built-in namespaces of the network with that name.
func NewNamespaces(network string) *Namespaces {
	n := &Namespaces{network: network}
	for i := range builtins {
		n.revalidates = n.revalidates || builtins[i].revalidate
	}
	return n
}

// Network is the network's name, which signatures cover.
func (n *Namespaces) Network() string { return n.network }

// Register adds a namespace: v then decides about keys /name/... (design R6.2). The
// name must be new, not empty and without a slash; otherwise the error is
// ErrBadNamespace.
func (n *Namespaces) Register(name string, v Validator) error {
	if name == "" || strings.Contains(name, "/") || v == nil {
		return fmt.Errorf("%w: %q: want a name without slashes, and a validator", ErrBadNamespace, name)
	}
	if n.named([]byte(name)) != nil {
		return fmt.Errorf("%w: %q is taken", ErrBadNamespace, name)
	}
	if n.users == nil {
		n.users = make(map[string]*namespace)
	}
	ns := n.ofValidator(name, v)
	n.users[name] = ns
	n.revalidates = n.revalidates || ns.revalidate
	return nil
}

// OnPanic sets what is told of a validator's panic, while its stack is still there. It
// must not wait for what validates. It is set before the first validation.
func (n *Namespaces) OnPanic(f func(of string, value any)) { n.onPanic = f }

// named is the namespace of that name, nil if there is none.
func (n *Namespaces) named(name []byte) *namespace {
	for i := range builtins {
		if builtins[i].name == string(name) {
			return &builtins[i]
		}
	}
	return n.users[string(name)]
}

// find splits a key /name/rest. The namespace is nil if it is not registered; ok is
// false if the key does not have that form.
func (n *Namespaces) find(key []byte) (ns *namespace, name, rest []byte, ok bool) {
	if len(key) == 0 || key[0] != '/' {
		return nil, nil, nil, false
	}
	name, rest, ok = bytes.Cut(key[1:], []byte("/"))
	return n.named(name), name, rest, ok && len(name) > 0 && len(rest) > 0
}

// CheckKey reports what is wrong with a record's key, nil if nothing: ErrEmptyKey,
// ErrTooLarge, ErrUnknownNamespace or ErrBadKey.
func (n *Namespaces) CheckKey(key []byte) error {
	if err := CheckProviderKey(key); err != nil {
		return err
	}
	switch ns, name, rest, ok := n.find(key); {
	case !ok:
		return fmt.Errorf("%w %q: want /namespace/name, such as /v/hello", ErrBadKey, truncated(key))
	case ns == nil:
		return fmt.Errorf("%w %q: known are %s", ErrUnknownNamespace, name, n.names())
	case ns.checkKey != nil:
		return ns.checkKey(string(rest))
	}
	return nil
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
	ns, _, _, ok := n.find(key)
	return ok && ns != nil && ns.costly
}

// Sequenced reports whether records under the key are numbered, so that a put needs
// the next sequence. They are not where the key determines the value.
func (n *Namespaces) Sequenced(key []byte) bool {
	ns, _, _, _ := n.find(key)
	return ns == nil || !ns.determined
}

// bySequence reports whether of two records under the key that with the higher sequence wins.
func (n *Namespaces) bySequence(key []byte) bool {
	ns, _, _, _ := n.find(key)
	return ns == nil || !ns.determined && ns.prefer == nil
}

// usualQuorum is how many answers a get weighs where values change (design R6.39).
const usualQuorum = 3

// Quorum is how many answers a get of the key weighs that was not told how many: one where
// the key determines the value, as all answers are then alike.
func (n *Namespaces) Quorum(key []byte) int {
	if n.Sequenced(key) {
		return usualQuorum
	}
	return 1
}

// Publisher is the peer that must sign the records under the key, if the
// namespace has publishers.
func (n *Namespaces) Publisher(key []byte) (identity.ID, bool) {
	ns, _, rest, ok := n.find(key)
	if !ok || ns == nil || ns.publisher == nil {
		return identity.ID{}, false
	}
	id, err := ns.publisher(string(rest))
	return id, err == nil
}

// Validate reports what is wrong with a record, nil if nothing: an error of
// CheckKey, ErrTooLarge, ErrSequence, ErrBadSignature or ErrInvalid.
func (n *Namespaces) Validate(r *rpc.Record) error {
	return n.validate(r, true)
}

// validate is Validate, with or without the check of a signature.
func (n *Namespaces) validate(r *rpc.Record, signature bool) error {
	if err := n.CheckKey(r.Key); err != nil {
		return err
	}
	if size := rpc.RecordSize(r); size > rpc.MaxRecord {
		return fmt.Errorf("%w: an encoded record of %d bytes, at most %d", ErrTooLarge, size, rpc.MaxRecord)
	}
	if r.Sequence > MaxSequence {
		return ErrSequence
	}
	ns, _, rest, _ := n.find(r.Key)
	if ns.publisher != nil {
		if signature {
			if err := n.verifyRecord(r); err != nil {
				return err
			}
		}
	} else if !r.Publisher.IsZero() || len(r.Signature) > 0 {
		return fmt.Errorf("%w: records of /%s are not signed", ErrBadSignature, ns.name)
	}
	if ns.checkValue == nil {
		return nil
	}
	return ns.checkValue(string(r.Key), string(rest), r.Value)
}

// stale reports whether the namespace no longer accepts a record that is held.
func (n *Namespaces) stale(r *rpc.Record) bool {
	if !n.revalidates {
		return false
	}
	ns, _, rest, _ := n.find(r.Key)
	return ns != nil && ns.revalidate && ns.checkValue(string(r.Key), string(rest), r.Value) != nil
}

// Better says which of two valid records of one key wins: positive for a,
// negative for b, 0 if it makes no difference. In a user's namespace Select
// decides first. In all others, and where Select makes no difference, the higher
// sequence wins, then the greater bytes, so that all holders converge. Where the key
// determines the value all records are the same, whatever their
// sequence.
func (n *Namespaces) Better(a, b *rpc.Record) int {
	better, _ := n.compare(a, b)
	return better
}

// compare is Better, and says whether the namespace could compare the two: not if its
// validator panicked, unless b alone is to blame.
func (n *Namespaces) compare(a, b *rpc.Record) (better int, compared bool) {
	ns, _, _, _ := n.find(a.Key)
	if ns != nil && ns.determined {
		return 0, true
	}
	compared = true
	if ns != nil && ns.prefer != nil {
		c, survived := ns.prefer(string(a.Key), a.Value, b.Value)
		compared = survived || c > 0
		if c != 0 {
			return c, compared
		}
	}
	if c := cmp.Compare(a.Sequence, b.Sequence); c != 0 {
		return c, compared
	}
	return bytes.Compare(a.Value, b.Value), compared
}

// names lists the namespaces for an error message.
func (n *Namespaces) names() string {
	var all []string
	for i := range builtins {
		all = append(all, "/"+builtins[i].name)
	}
	for name := range n.users {
		all = append(all, "/"+name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// truncated is a key shortened for an error message.
func truncated(key []byte) []byte { return key[:min(len(key), 80)] }

// StatusOf is the status by which a peer learns of an error of Validate or
// VerifyProvider; OK for nil.
func StatusOf(err error) rpc.Status {
	switch {
	case err == nil:
		return rpc.OK
	case errors.Is(err, ErrTooLarge):
		return rpc.TooLarge
	}
	return rpc.Invalid
}
