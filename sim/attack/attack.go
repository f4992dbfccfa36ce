package attack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrBadAttack reports a text that names no attack. The error says what is wrong with it.
var ErrBadAttack = errors.New("bad attack")

// The kinds of attacks.
const (
	Liars   = "liars"   // nodes that name each other, and keep nothing
	Mute    = "mute"    // nodes that answer PINGs, and nothing else
	Drip    = "drip"    // nodes that answer late
	Pool    = "pool"    // nodes that name ready-made identities nearest to the target
	Stale   = "stale"   // nodes that serve an older record than the one that replaced it
	Sybil   = "sybil"   // identities made around the target, which name each other, and keep nothing
	Eclipse = "eclipse" // identities in all buckets of one victim, which speak to it unasked
)

// What a mute node answers to all but PINGs.
const (
	AnswerNone    = "none"
	AnswerGarbled = "garbled" // what cannot be decoded
)

// Where identities stand that were made around a target. R is the region of a lookup
// (lookup.Region).
const (
	PlaceNear   = "near"   // nearer to it than any honest node
	PlaceSpread = "spread" // uniformly within R
	PlaceEdges  = "edges"  // at the inner edges of the octaves of R
)

// When nodes know of such identities.
const (
	BeforePut = "put" // before the target is looked up, or a value stored
	BeforeGet = "get" // after it was stored
)

// Limits of the parameters.
const (
	MaxIdentities = 1 << 22
	MaxSybils     = 10_000
	MaxDelay      = time.Minute
	MaxSpeakers   = 1000 // subnets that speak to a victim
	MaxMinutes    = 7 * 24 * 60
)

// An Attack is one of a simulation. Which fields are set depends on its kind.
type Attack struct {
	Kind       string
	Share      float64       // of all nodes that take part
	Answer     string        // Mute: AnswerNone or AnswerGarbled
	Delay      time.Duration // Drip: before an answer
	Collude    bool          // Stale: they serve it wherever they are asked, and name each other; otherwise where it belongs
	Identities int           // Pool: that are ready-made; Sybil: made around each target
	Subnets    int           // Pool, Sybil: /24s that they share; Eclipse: each with two identities in each bucket
	Place      string        // Sybil: PlaceNear, PlaceSpread or PlaceEdges
	Before     string        // Sybil: BeforePut or BeforeGet
	Restart    bool          // Eclipse: the victim starts again, and attackers speak first
	Minutes    int           // Eclipse: for which they speak
}

// A parameter is one that some kinds have.
type parameter struct {
	name string
	get  func(*Attack) string
	set  func(*Attack, string) error
}

var parameters = []parameter{
	{"share", func(a *Attack) string { return strconv.FormatFloat(a.Share, 'g', -1, 64) }, func(a *Attack, text string) error {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v > 0 && v < 1) {
			return errors.New("want a share over 0 and under 1")
		}
		a.Share = v
		return nil
	}},
	choice("answer", func(a *Attack) *string { return &a.Answer }, AnswerNone, AnswerGarbled),
	{"delay", func(a *Attack) string { return a.Delay.String() }, func(a *Attack, text string) error {
		v, err := time.ParseDuration(text)
		if err != nil || v <= 0 || v > MaxDelay {
			return fmt.Errorf("want a time like 1.2s, at most %v", MaxDelay)
		}
		a.Delay = v
		return nil
	}},
	count("minutes", MaxMinutes, func(a *Attack) *int { return &a.Minutes }),
	{"restart", func(a *Attack) string { return strconv.FormatBool(a.Restart) }, func(a *Attack, text string) error {
		if text != "true" && text != "false" {
			return errors.New("want true or false")
		}
		a.Restart = text == "true"
		return nil
	}},
	{"collude", func(a *Attack) string { return strconv.FormatBool(a.Collude) }, func(a *Attack, text string) error {
		if text != "true" && text != "false" {
			return errors.New("want true or false")
		}
		a.Collude = text == "true"
		return nil
	}},
	count("identities", MaxIdentities, func(a *Attack) *int { return &a.Identities }),
	count("n", MaxSybils, func(a *Attack) *int { return &a.Identities }),
	choice("place", func(a *Attack) *string { return &a.Place }, PlaceNear, PlaceSpread, PlaceEdges),
	count("subnets", MaxIdentities, func(a *Attack) *int { return &a.Subnets }),
	choice("before", func(a *Attack) *string { return &a.Before }, BeforePut, BeforeGet),
}

func choice(name string, of func(*Attack) *string, values ...string) parameter {
	return parameter{name, func(a *Attack) string { return *of(a) }, func(a *Attack, text string) error {
		if !slices.Contains(values, text) {
			last := len(values) - 1
			return fmt.Errorf("want %s or %s", strings.Join(values[:last], ", "), values[last])
		}
		*of(a) = text
		return nil
	}}
}

func count(name string, most int, of func(*Attack) *int) parameter {
	return parameter{name, func(a *Attack) string { return strconv.Itoa(*of(a)) }, func(a *Attack, text string) error {
		v, err := strconv.Atoi(text)
		if err != nil || v < 1 || v > most {
			return fmt.Errorf("want a whole number, 1 to %d", most)
		}
		*of(a) = v
		return nil
	}}
}

// kinds are all kinds, with their parameters where nobody says otherwise.
var kinds = []struct {
	usual      Attack
	parameters []string
}{
	{Attack{Kind: Liars, Share: 0.2}, []string{"share"}},
	{Attack{Kind: Mute, Share: 0.2, Answer: AnswerNone}, []string{"share", "answer"}},
	{Attack{Kind: Drip, Share: 0.2, Delay: 1200 * time.Millisecond}, []string{"share", "delay"}},
	{Attack{Kind: Pool, Share: 0.05, Identities: 1 << 20, Subnets: 1}, []string{"share", "identities", "subnets"}},
	{Attack{Kind: Stale, Share: 0.2, Collude: true}, []string{"share", "collude"}},
	{Attack{Kind: Sybil, Identities: 45, Place: PlaceNear, Before: BeforePut}, []string{"n", "place", "subnets", "before"}},
	{Attack{Kind: Eclipse, Subnets: 50, Restart: true, Minutes: 1}, []string{"subnets", "restart", "minutes"}},
}

// Kinds are the names of all kinds.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].usual.Kind
	}
	return names
}

// parametersOf are those of a kind.
func parametersOf(kind string) []parameter {
	var of []parameter
	for i := range kinds {
		if kinds[i].usual.Kind != kind {
			continue
		}
		for _, name := range kinds[i].parameters {
			for _, p := range parameters {
				if p.name == name {
					of = append(of, p)
				}
			}
		}
	}
	return of
}

// Parse reads one attack: KIND or KIND:name=value,name=value. Its error is ErrBadAttack.
func Parse(text string) (Attack, error) {
	bad := func(format string, args ...any) (Attack, error) {
		return Attack{}, fmt.Errorf("%w %q: %s", ErrBadAttack, text, fmt.Sprintf(format, args...))
	}
	kind, rest, more := strings.Cut(strings.TrimSpace(text), ":")
	of := parametersOf(kind)
	if of == nil {
		return bad("want one of %v", Kinds())
	}
	var a Attack
	for i := range kinds {
		if kinds[i].usual.Kind == kind {
			a = kinds[i].usual
		}
	}
	if !more {
		return a.whole(), nil
	}
	given := make(map[string]bool)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var known *parameter
		names := make([]string, len(of))
		for i := range of {
			if names[i] = of[i].name; names[i] == name {
				known = &of[i]
			}
		}
		switch {
		case known == nil:
			return bad("%s has no parameter %q, want name=value of %v", kind, name, names)
		case given[name]:
			return bad("%s stands there twice", name)
		}
		given[name] = true
		if err := known.set(&a, value); err != nil {
			return bad("%s %q: %v", name, value, err)
		}
	}
	if a.Kind == Eclipse && a.Subnets > MaxSpeakers {
		return bad("%d subnets, want at most %d", a.Subnets, MaxSpeakers)
	}
	if a.Kind != Eclipse && a.Subnets > a.Identities {
		return bad("%d subnets for %d identities, want no more subnets", a.Subnets, a.Identities)
	}
	return a.whole(), nil
}

// whole is the attack with one subnet for each identity, where nobody says otherwise.
func (a Attack) whole() Attack {
	if a.Subnets == 0 {
		a.Subnets = a.Identities
	}
	return a
}

// String is the attack as Parse reads it, with all its parameters.
func (a Attack) String() string {
	parts := make([]string, 0, len(parameters))
	for _, p := range parametersOf(a.Kind) {
		parts = append(parts, p.name+"="+p.get(&a))
	}
	return a.Kind + ":" + strings.Join(parts, ",")
}

// between stands between two attacks of a list.
const between = "+"

// ParseList reads attacks with + between them, of each kind one at most. An empty text is
// none. Its error is ErrBadAttack.
func ParseList(text string) ([]Attack, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var list []Attack
	for part := range strings.SplitSeq(text, between) {
		a, err := Parse(part)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].Kind == a.Kind {
				return nil, fmt.Errorf("%w %q: %s stands there twice, want each kind once", ErrBadAttack, text, a.Kind)
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// Join is a list as ParseList reads it.
func Join(list []Attack) string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = list[i].String()
	}
	return strings.Join(texts, between)
}

// Append is a list of attacks with another behind it, both as text.
func Append(list, text string) string {
	if list == "" {
		return text
	}
	return list + between + text
}
