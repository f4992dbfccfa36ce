// Package lookuptest replays scripts of single lookups, for tests of rules.
package lookuptest

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/lookup"

	"github.com/cockroachdb/datadriven"
)

// epoch is when scripts start.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A script controls a lookup step by step; its output is what the lookup then did.
type script struct {
	peers peers
	names map[string]identity.Contact
	rule  func(lookup.Config) lookup.Rule
	paths int
	l     *lookup.Lookup
	now   time.Time
}

// Run replays the scripts of a directory with lookups that follow a rule (nil:
// lookup.Plain), and compares what they do with what the scripts say. With the flag
// -rewrite it writes that down instead.
//
// The position of the target is 0, so a peer's position, given by its first byte, is also
// its distance. Directives, each at a time in milliseconds if at is given:
//
//	peers                               lines of: name, first byte of the position, address
//	lookup k= alpha= paths= self= seeds=(names)
//	answer NAME [names=(names)]
//	fail NAME | aside NAME | found NAME | stop | wake
//	draw                                the shortlist
//	closest | known n=
func Run(t *testing.T, dir string, rule func(lookup.Config) lookup.Rule) {
	datadriven.Walk(t, dir, func(t *testing.T, path string) {
		s := &script{names: map[string]identity.Contact{}, rule: rule}
		datadriven.RunTest(t, path, s.run)
	})
}

// peers is the book of a script: contact i is at index i-1.
type peers []peer

type peer struct {
	position identity.Position
	address  identity.Address
}

func (p *peers) Position(c identity.Contact) *identity.Position { return &(*p)[c-1].position }
func (p *peers) Address(c identity.Contact) identity.Address    { return (*p)[c-1].address }

// Intern is never called by a lookup: all its contacts are interned.
func (p *peers) Intern(identity.Address) identity.Contact { panic("a lookup interned an address") }

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	if d.HasArg("at") {
		var at int
		d.ScanArgs(t, "at", &at)
		s.now = epoch.Add(time.Duration(at) * time.Millisecond)
	}
	switch d.Cmd {
	case "peers":
		s.add(t, d)
		return ""
	case "lookup":
		s.lookup(t, d)
	case "answer":
		s.l.Answered(s.now, s.subject(d), s.list(d, "names"))
	case "fail":
		s.l.Failed(s.now, s.subject(d))
	case "aside":
		s.l.SetAside(s.now, s.subject(d))
	case "found":
		s.l.Found(s.now, s.subject(d))
	case "stop":
		s.l.Stop(s.now, lookup.Satisfied)
	case "wake":
		s.l.Wake(s.now)
	case "draw":
		return s.named(s.l.String())
	case "closest":
		return s.text(s.l.Closest(nil)) + "\n"
	case "known":
		var n int
		d.ScanArgs(t, "n", &n)
		return s.text(s.l.Known(nil, n)) + "\n"
	default:
		t.Fatalf("%s: no such directive: %s", d.Pos, d.Cmd)
	}
	for _, ok := s.l.Next(s.now); ok; _, ok = s.l.Next(s.now) {
	}
	return s.events()
}

func (s *script) add(t *testing.T, d *datadriven.TestData) {
	for line := range strings.Lines(d.Input) {
		field := strings.Fields(line)
		first, err := strconv.ParseUint(field[1], 0, 8)
		if err != nil {
			t.Fatalf("%s: %v", d.Pos, err)
		}
		s.peers = append(s.peers, peer{identity.Position{byte(first)}, identity.Address{
			ID: identity.ID{31: byte(len(s.peers) + 1)}, Endpoint: netip.AddrPortFrom(netip.MustParseAddr(field[2]), uint16(len(s.peers)+1))}})
		s.names[field[0]] = identity.Contact(len(s.peers))
	}
}

func (s *script) lookup(t *testing.T, d *datadriven.TestData) {
	cfg := lookup.Config{Rule: s.rule}
	for key, value := range map[string]*int{"k": &cfg.K, "alpha": &cfg.Alpha, "paths": &cfg.DisjointPaths} {
		if d.HasArg(key) {
			d.ScanArgs(t, key, value)
		}
	}
	self := identity.Position{0xff, 0xff}
	if d.HasArg("self") {
		var name string
		d.ScanArgs(t, "self", &name)
		self = *s.peers.Position(s.names[name])
	}
	s.now, s.paths = epoch, cfg.DisjointPaths
	s.l = lookup.New(s.now, cfg, &s.peers, self, identity.Position{}, s.list(d, "seeds"))
}

func (s *script) subject(d *datadriven.TestData) identity.Contact { return s.names[d.CmdArgs[0].Key] }

func (s *script) list(d *datadriven.TestData, key string) (all []identity.Contact) {
	arg, _ := d.Arg(key)
	for _, name := range arg.Vals {
		all = append(all, s.names[name])
	}
	return all
}

// events are the lookup's new steps, a line each.
func (s *script) events() string {
	var b strings.Builder
	for _, e := range s.l.Events() {
		fmt.Fprintf(&b, "%4dms  ", e.At.Sub(epoch).Milliseconds())
		switch e.Kind {
		case lookup.Asked:
			fmt.Fprintf(&b, "%v #%d: distance %d, hop %d, round %d", e.Kind, e.Contact, e.Distance, e.Hop, e.Round)
			if e.NamedBy != 0 {
				fmt.Fprintf(&b, ", named by #%d", e.NamedBy)
			}
			if s.paths > 1 {
				fmt.Fprintf(&b, ", path %d", e.Path)
			}
		case lookup.Answered:
			fmt.Fprintf(&b, "%v: #%d after %v, %d named, %d new", e.Kind, e.Contact, e.Elapsed, e.Named, e.New)
		case lookup.Ended:
			stats := s.l.Stats()
			fmt.Fprintf(&b, "%v: %v after %v, hops %d, rounds %d, requests %d to %d peers", e.Kind, e.Reason, e.Elapsed, e.Hop, e.Round, stats.RPCs, stats.Asked)
		default:
			fmt.Fprintf(&b, "%v: #%d after %v", e.Kind, e.Contact, e.Elapsed)
		}
		b.WriteByte('\n')
	}
	return s.named(b.String())
}

func (s *script) text(contacts []identity.Contact) string {
	var names []string
	for _, c := range contacts {
		names = append(names, fmt.Sprintf("#%d", c))
	}
	if names == nil {
		return "nobody"
	}
	return s.named(strings.Join(names, " "))
}

var handle = regexp.MustCompile(`#\d+`)

// named puts peers' names in the place of handles.
func (s *script) named(text string) string {
	return handle.ReplaceAllStringFunc(text, func(h string) string {
		for name, c := range s.names {
			if h == fmt.Sprintf("#%d", c) {
				return name
			}
		}
		return h
	})
}
