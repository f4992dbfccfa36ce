package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kadmium"
	"kadmium/store"
)

// maxQuorum bounds the answers that a get weighs; no key has so many holders.
const maxQuorum = 1000

// getValue serves GET /v1/values/{key}.
func getValue(c *call) error {
	key := c.key("key")
	quorum := c.integer("quorum", 1, 1, maxQuorum)
	return operate(c, operation[kadmium.Value]{
		subject: func() string { return ShownKey(key) },
		lookup:  func(v *kadmium.Value) *kadmium.Lookup { return &v.Lookup },
		held: func() (v kadmium.Value, ok bool) {
			if quorum == 1 {
				v, ok = c.node.GetHeld(key)
				v.Lookup.Trace = nil
			}
			return v, ok
		},
		run: func(ctx context.Context) (kadmium.Value, error) {
			return c.node.Get(ctx, key, kadmium.GetOptions{Quorum: quorum, NoStore: c.open})
		},
		answer: c.value,
	})
}

// valueHeaderNames are what every value has beside its ETag, in canonical form.
var valueHeaderNames = []string{"Kad-Key", "Kad-Sequence", "Kad-From", "Kad-Answers", "Kad-Expires"}

// value answers with a value: its bytes, and the rest in headers, or all as JSON.
func (c *call) value(v kadmium.Value) error {
	h := c.w.Header()
	tag := entityTag(v.Sequence, v.Value)
	h.Set("ETag", tag)
	h["Vary"] = byAccept
	if matches(c.r.Header.Values("If-None-Match"), tag) {
		c.answer(http.StatusNotModified, octets, nil)
		return nil
	}
	if c.wantsJSON() {
		return c.json(http.StatusOK, v)
	}
	values := []string{
		url.PathEscape(v.Key), strconv.FormatUint(v.Sequence, 10), v.From.String(), strconv.Itoa(v.Answers), v.Expires.UTC().Format(time.RFC3339),
	}
	for i, name := range valueHeaderNames { // one allocation, and not one for each
		h[name] = values[i : i+1 : i+1]
	}
	if !v.Publisher.IsZero() {
		h.Set("Kad-Publisher", v.Publisher.String())
	}
	c.lookupHeaders(&v.Lookup)
	return c.bytes(http.StatusOK, v.Value)
}

// lookupHeaders says how a lookup went. One that asked nobody has nothing to say.
func (c *call) lookupHeaders(l *kadmium.Lookup) {
	if l.RPCs == 0 {
		return
	}
	h := c.w.Header()
	h.Set("Kad-Hops", strconv.Itoa(l.Hops))
	h.Set("Kad-Rounds", strconv.Itoa(l.Rounds))
	h.Set("Kad-Rpcs", strconv.Itoa(l.RPCs))
	h.Set("Kad-Ms", milliseconds(l.Elapsed))
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Round(time.Microsecond))/float64(time.Millisecond), 'f', -1, 64)
}

// entityTag is the ETag of a value: its sequence, which a write is compared with at the
// holders, and its hash, as two writers may give two values one sequence.
func entityTag(sequence uint64, value []byte) string {
	sum := sha256.Sum256(value)
	b := strconv.AppendUint(append(make([]byte, 0, 40), '"'), sequence, 10)
	return string(append(hex.AppendEncode(append(b, '-'), sum[:8]), '"'))
}

// matches reports whether a list of entity tags has one, or is *.
func matches(lists []string, tag string) bool {
	for _, list := range lists {
		for _, one := range strings.Split(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// putValue serves PUT /v1/values/{key}.
func putValue(c *call) error {
	key, value, local := c.key("key"), c.body(), c.flag("local")
	opts := kadmium.PutOptions{
		TTL:       c.duration("ttl", 0, time.Second, store.MaxTTL),
		Sequence:  c.sequence("seq"),
		CAS:       c.precondition(),
		Ephemeral: c.flag("once"),
	}
	return operate(c, operation[kadmium.Stored]{
		subject: func() string { return ShownKey(key) },
		lookup:  lookupOfStored,
		run: func(ctx context.Context) (kadmium.Stored, error) {
			got, err := c.node.Put(ctx, key, value, opts)
			return got, acceptLocal(err, local)
		},
		answer: c.stored,
		failed: storedJSON,
	})
}

// stored answers with what a put or provide came to: 201 if it made a record, 202 if this
// node alone has it.
func (c *call) stored(s kadmium.Stored) error {
	status := http.StatusOK
	switch {
	case s.KeptHere:
		status = http.StatusAccepted
	case s.Sequence == 1:
		status = http.StatusCreated
	}
	return c.json(status, s)
}

func lookupOfStored(s *kadmium.Stored) *kadmium.Lookup { return &s.Lookup }

func storedJSON(s kadmium.Stored) (json.RawMessage, error) { return json.Marshal(s) }

// acceptLocal is the error of a put or a provide, where ?local accepts that only this node
// has it, as none answered. It does not accept that others refused it, nor that it has no
// place among those that are published later.
func acceptLocal(err error, local bool) error {
	if local && errors.Is(err, kadmium.ErrKeptHere) && !errors.Is(err, kadmium.ErrRefused) && !errors.Is(err, kadmium.ErrBusy) {
		return nil
	}
	return err
}

// precondition is the sequence that a put replaces at each holder: that of If-Match, or 0
// with If-None-Match: *, which is for a key without a record. Nil: there is no condition.
func (c *call) precondition() *uint64 {
	match, none := c.r.Header.Values("If-Match"), c.r.Header.Values("If-None-Match")
	switch {
	case len(match)+len(none) == 0:
		return nil
	case len(match)+len(none) == 1 && len(none) == 1 && strings.TrimSpace(none[0]) == "*":
		return new(uint64)
	case len(match) == 1 && len(none) == 0:
		tag := strings.TrimSpace(match[0])
		inner, quoted := strings.CutPrefix(tag, `"`)
		inner, closed := strings.CutSuffix(inner, `"`)
		number, _, _ := strings.Cut(inner, "-")
		if sequence, err := parseSequence(number); err == nil && quoted && closed {
			return &sequence
		}
	}
	c.fail(badRequest(`give If-Match the ETag of a get, like "7-0123456789abcdef" or "7", or If-None-Match: *`, "If-Match %q, If-None-Match %q: not a condition for a put", match, none))
	return nil
}

func parseSequence(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil && n > store.MaxSequence {
		err = strconv.ErrRange
	}
	return n, err
}
