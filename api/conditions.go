package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kadmium"
)

// The headers of conditions.
const (
	ifMatchName     = "If-Match"
	ifNoneMatchName = "If-None-Match"
)

// A condition is the value of an If-Match or If-None-Match (RFC 9110, section 13.1): *, or
// a list of entity tags.
type condition struct {
	any  bool
	tags []listedTag
}

// A listedTag is an entity tag with its quotation marks. A weak one says that something
// else may be as good.
type listedTag struct {
	tag  string
	weak bool
}

// parseCondition reads the lines of a header.
func parseCondition(lines []string) (c condition, ok bool) {
	rest := strings.Join(lines, ",")
	if strings.Trim(rest, " \t") == "*" {
		return condition{any: true}, true
	}
	for {
		if rest = strings.TrimLeft(rest, " \t,"); rest == "" {
			return c, len(c.tags) > 0
		}
		var one listedTag
		rest, one.weak = strings.CutPrefix(rest, "W/")
		inner, quoted := strings.CutPrefix(rest, `"`)
		text, after, closed := strings.Cut(inner, `"`)
		rest = strings.TrimLeft(after, " \t")
		if !quoted || !closed || strings.ContainsFunc(text, noTagText) || rest != "" && rest[0] != ',' {
			return c, false
		}
		one.tag = `"` + text + `"`
		c.tags = append(c.tags, one)
	}
}

func noTagText(r rune) bool { return r <= ' ' || r == 0x7f }

// has reports whether a value that has some tags is named. Where the comparison is strong, a
// weak tag names nothing.
func (c *condition) has(strong bool, tags ...string) bool {
	if c.any {
		return true
	}
	for _, one := range c.tags {
		for _, tag := range tags {
			if one.tag == tag && !(strong && one.weak) {
				return true
			}
		}
	}
	return false
}

// namesNone reports whether the condition, compared strongly, can hold for nothing.
func (c *condition) namesNone() bool {
	for _, one := range c.tags {
		if !one.weak {
			return false
		}
	}
	return !c.any
}

// sequence is that of a condition of one tag which is a sequence alone.
func (c *condition) sequence() (uint64, bool) {
	if len(c.tags) != 1 || c.tags[0].weak {
		return 0, false
	}
	n, err := parseSequence(strings.Trim(c.tags[0].tag, `"`))
	return n, err == nil
}

// conditions reads the conditions of a request. One that its route does not compare is
// refused, as the client would rely on it.
func (c *call) conditions() {
	c.ifMatch = c.condition(ifMatchName)
	c.ifNoneMatch = c.condition(ifNoneMatchName)
}

// condition is that of a header; nil: there is none.
func (c *call) condition(name string) *condition {
	lines, there := c.r.Header[name]
	if !there {
		return nil
	}
	if !slices.ContainsFunc(c.route.Params, func(p Param) bool { return p.In == InHeader && p.Name == name }) {
		c.fail(badRequest("leave it out; GET and PUT of a value compare it", "%s %s takes no %s", c.r.Method, c.route.Pattern, name))
		return nil
	}
	parsed, ok := parseCondition(lines)
	if !ok {
		c.fail(badRequest(`give it *, or the ETags of gets, like "7-0123456789abcdef", "8-fedcba9876543210"`, "%s %q: neither * nor a list of entity tags", name, lines))
	}
	return &parsed
}

// tagsOf are the entity tags of a value's bytes and of its JSON, which are two
// representations, and the sequence as a tag, which names whatever has it.
func tagsOf(v *kadmium.Value) (bare, inJSON, sequence string) {
	bare = entityTag(v.Sequence, v.Value)
	return bare, bare[:len(bare)-1] + `-json"`, strconv.Quote(strconv.FormatUint(v.Sequence, 10))
}

// conditionQuorum is how many answers a put weighs to find what its condition is compared
// with.
const conditionQuorum = 3

// swaps is the sequence that a put replaces at each holder; 0: there must be none; nil: there
// is no condition. What the holders cannot compare, the hash and lists, is compared here with
// the value that is found first. Error: kadmium.ErrConflict, and as kadmium.Node.Get.
func (c *call) swaps(key string) (*uint64, error) {
	match, none := c.ifMatch, c.ifNoneMatch
	switch {
	case match == nil && none == nil:
		return nil, nil
	case match == nil && none.any:
		return new(uint64), nil
	case none == nil && match.namesNone():
		return nil, fmt.Errorf("%w: If-Match compares strongly, and has weak ETags only", kadmium.ErrConflict)
	case none == nil:
		if sequence, ok := match.sequence(); ok {
			return &sequence, nil
		}
	}
	ctx, cancel := c.context() // whose steps are not those of the put
	defer cancel()
	held, err := c.node.Get(ctx, key, kadmium.GetOptions{Quorum: conditionQuorum})
	found := err == nil
	if err != nil && !errors.Is(err, kadmium.ErrNotFound) && !errors.Is(err, kadmium.ErrNoPeers) {
		return nil, WhyEnded(ctx, err)
	}
	bare, inJSON, sequence := tagsOf(&held)
	switch {
	case !found && match != nil:
		return nil, fmt.Errorf("%w: no value was found", kadmium.ErrConflict)
	case found && match != nil && !match.has(true, bare, inJSON, sequence),
		found && none != nil && none.has(false, bare, inJSON, sequence):
		return nil, fmt.Errorf("%w: the value found has the ETag %s", kadmium.ErrConflict, bare)
	}
	return &held.Sequence, nil // of none found it is 0
}
