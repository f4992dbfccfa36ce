package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"kadmium"
	"kadmium/rpc"
	"kadmium/store"
)

// maxQuorum bounds the answers that a get weighs; no key has so many holders.
const maxQuorum = 1000

// getValue serves GET /v1/values/{key}.
func getValue(c *call) error {
	key := c.key("key")
	opts := kadmium.GetOptions{Quorum: c.integer("quorum", 0, 1, maxQuorum), Fresh: c.flag("fresh"), NoStore: c.open}
	return operate(c, operation[kadmium.Value]{
		subject: func() string { return ShownKey(key) },
		lookup:  func(v *kadmium.Value) *kadmium.Lookup { return &v.Lookup },
		held: func() (v kadmium.Value, ok bool) {
			v, ok = c.node.GetHeld(key, opts)
			v.Lookup.Trace = nil
			return v, ok
		},
		run: func(ctx context.Context) (kadmium.Value, error) {
			return c.node.Get(ctx, key, opts)
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
	if c.media == jsonType {
		_, tag, _ = tagsOf(&v)
	}
	if c.ifMatch != nil {
		bare, inJSON, sequence := tagsOf(&v)
		if !c.ifMatch.has(true, bare, inJSON, sequence) {
			return fmt.Errorf("%s: %w: the value found has the ETag %s", ShownKey(v.Key), kadmium.ErrConflict, tag)
		}
	}
	h["Etag"] = []string{tag}
	if c.ifNoneMatch != nil && c.ifNoneMatch.has(false, tag) {
		c.answer(http.StatusNotModified, octets, nil)
		return nil
	}
	if c.media == jsonType {
		return c.json(http.StatusOK, v)
	}
	values := []string{
		url.PathEscape(v.Key), strconv.FormatUint(v.Sequence, 10), c.server.idText(v.From), strconv.Itoa(v.Answers), v.Expires.UTC().Format(time.RFC3339),
	}
	for i, name := range valueHeaderNames { // one allocation, and not one for each
		h[name] = values[i : i+1 : i+1]
	}
	if !v.Publisher.IsZero() {
		h.Set("Kad-Publisher", v.Publisher.String())
	}
	if !v.Lookup.Suspect.IsZero() {
		h.Set("Kad-Suspect", v.Lookup.Suspect.String())
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

// entityTag is the ETag of a value's bytes: its sequence, which a write is compared with at
// the holders, and its hash, as two writers may give two values one sequence.
func entityTag(sequence uint64, value []byte) string {
	sum := sha256.Sum256(value)
	b := strconv.AppendUint(append(make([]byte, 0, 40), '"'), sequence, 10)
	return string(append(hex.AppendEncode(append(b, '-'), sum[:8]), '"'))
}

// putValue serves PUT /v1/values/{key}.
func putValue(c *call) error {
	key, value, local := c.key("key"), c.body(fmt.Sprintf("a value with its key may have about %d bytes", rpc.MaxRecord)), c.flag("local")
	opts := kadmium.PutOptions{
		TTL:       c.duration("ttl", 0, time.Second, store.MaxTTL),
		Sequence:  c.sequence("seq"),
		Ephemeral: c.flag("once"),
	}
	return operate(c, operation[kadmium.Stored]{
		subject: func() string { return ShownKey(key) },
		lookup:  lookupOfStored,
		run: func(ctx context.Context) (kadmium.Stored, error) {
			var err error
			if opts.CAS, err = c.swaps(key); err != nil {
				return kadmium.Stored{Key: key}, err
			}
			got, err := c.node.Put(ctx, key, value, opts)
			return got, acceptLocal(err, local)
		},
		answer: c.stored,
		failed: storedJSON,
	})
}

// stored answers with what a put or provide came to: 201 if it made what was not there, 202
// if this node alone has it.
func (c *call) stored(s kadmium.Stored) error {
	status := http.StatusOK
	switch {
	case s.KeptHere:
		status = http.StatusAccepted
	case s.Created:
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

func parseSequence(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil && n > store.MaxSequence {
		err = strconv.ErrRange
	}
	return n, err
}
