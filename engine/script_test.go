package engine

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A script is a network under the commands of a file in testdata/engine:
//
//	nodes N [k=K] [mode=client|auto] [durable]  adds N nodes, which join
//	latency D                     one way
//	put NODE KEY VALUE [seq=N] [swap=N] [once]
//	get NODE KEY [quorum=N]
//	find NODE NODE, closest NODE NODE|KEY
//	provide NODE KEY, providers NODE KEY, unpublish NODE KEY, send NODE NODE TEXT
//	leave NODE..., kill NODE..., restart NODE... with its journal, forget NODE... without
//	cut NODE NODE, mute NODE (its answers are lost), heal
//	run D                         lets time pass
//	holders KEY, table NODE, tasks NODE, count
//
// With trace=steps a lookup's steps are printed, with trace=messages everything
// that is delivered meanwhile. The output is golden: -rewrite writes it anew.
type script struct {
	*network
	k     int
	cuts  map[[2]*node]bool
	mutes map[*node]bool
}

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "../testdata/engine", func(t *testing.T, path string) {
		s := &script{network: newNetwork(t, 42), cuts: make(map[[2]*node]bool), mutes: make(map[*node]bool)}
		s.lose = func(from, to *node, m *rpc.Message) bool {
			return s.cuts[[2]*node{from, to}] || m.Response && s.mutes[from]
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			began := s.now
			if d.HasArg("trace") {
				var what string
				d.ScanArgs(t, "trace", &what)
				if what == "messages" {
					s.log = func(from, to *node, m *rpc.Message) {
						fmt.Fprintf(&out, "%6s  %s > %s  %s\n", s.now.Sub(began), from.name, to.name, describe(s.network, m))
					}
					defer func() { s.log = nil }()
				}
			}
			s.do(t, d, &out)
			return out.String()
		})
	})
}

// describe is a message in a line.
func describe(n *network, m *rpc.Message) string {
	text := m.Type.String()
	if m.Response {
		text += " answer"
		if m.Status != rpc.OK {
			text += ": " + m.Status.String()
		}
	}
	if m.Record != nil {
		text += fmt.Sprintf(" %s=%s #%d for %s", m.Record.Key, m.Record.Value, m.Record.Sequence, m.Record.TTL.Round(time.Minute))
	} else if len(m.Key) > 0 {
		text += " " + string(m.Key)
	}
	if len(m.Contacts) > 0 {
		text += " names " + strings.Join(ids(n, m.Contacts), " ")
	}
	if len(m.Payload) > 0 {
		text += fmt.Sprintf(" %q", m.Payload)
	}
	return text
}

func (s *script) node(t *testing.T, name string) *node {
	i, err := strconv.Atoi(name)
	if err != nil || i < 1 || i > len(s.nodes) {
		t.Fatalf("no node %q", name)
	}
	return s.nodes[i-1]
}

func (s *script) do(t *testing.T, d *datadriven.TestData, out *strings.Builder) {
	var arg []string // those without a value
	for _, a := range d.CmdArgs {
		if len(a.Vals) == 0 {
			arg = append(arg, a.Key)
		}
	}
	number := func(name string) *uint64 {
		if !d.HasArg(name) {
			return nil
		}
		var v uint64
		d.ScanArgs(t, name, &v)
		return &v
	}
	each := func(do func(*node)) {
		for _, name := range arg {
			do(s.node(t, name))
		}
	}
	switch d.Cmd {
	case "nodes":
		s.addNodes(t, d, arg[0], out)
	case "latency":
		s.latency, _ = time.ParseDuration(arg[0])
	case "run":
		for_, err := time.ParseDuration(arg[0])
		if err != nil {
			t.Fatal(err)
		}
		s.run(for_)
	case "leave":
		each(func(nd *node) {
			nd.up = false
			for _, other := range s.nodes {
				if other.up {
					other.run(other.e.Left(s.now, s.book.Intern(nd.address), nil))
				}
			}
		})
	case "kill":
		each(func(nd *node) { nd.up = false })
	case "restart":
		each(func(nd *node) { nd.boot(); s.show(out, d, nd.join()) })
	case "forget":
		each(func(nd *node) { nd.journal = nil; nd.boot(); s.show(out, d, nd.join()) })
	case "cut":
		a, b := s.node(t, arg[0]), s.node(t, arg[1])
		s.cuts[[2]*node{a, b}], s.cuts[[2]*node{b, a}] = true, true
	case "mute":
		each(func(nd *node) { s.mutes[nd] = true })
	case "heal":
		clear(s.cuts)
		clear(s.mutes)
	case "holders":
		names := namesOf(s.holders(arg[0]))
		fmt.Fprintf(out, "%s: %s\n", arg[0], strings.Join(names, " "))
	case "table":
		fmt.Fprint(out, s.tableOf(s.node(t, arg[0])))
	case "tasks":
		for _, task := range s.node(t, arg[0]).e.Tasks() {
			due := "nothing to do"
			if !task.Due.IsZero() {
				due = "due in " + max(0, task.Due.Sub(s.now)).Round(time.Second).String()
			}
			fmt.Fprintf(out, "%-12s %s, ran %d times\n", task.Name, due, task.Runs)
		}
	default:
		s.operation(t, d, s.node(t, arg[0]), arg[1:], number, out)
	}
}

func (s *script) operation(t *testing.T, d *datadriven.TestData, nd *node, arg []string, number func(string) *uint64, out *strings.Builder) {
	now := func() time.Time { return s.now }
	var r *Result
	switch d.Cmd {
	case "put":
		r = nd.put(PutQuery{Key: []byte(arg[0]), Value: []byte(arg[1]), Sequence: number("seq"), CAS: number("swap"), Ephemeral: d.HasArg("once")})
	case "get":
		quorum := 0
		d.MaybeScanArgs(t, "quorum", &quorum)
		r = nd.get(arg[0], quorum)
	case "find":
		id := s.node(t, arg[0]).address.ID
		r = nd.operate(func(op OpID) []Effect { return nd.e.FindPeer(now(), op, id, nil) })
	case "closest":
		target := identity.KeyPosition([]byte(arg[0]))
		if i, err := strconv.Atoi(arg[0]); err == nil {
			target = s.nodes[i-1].address.ID.Position()
		}
		r = nd.closest(target)
	case "provide":
		r = nd.operate(func(op OpID) []Effect { return nd.e.Provide(now(), op, []byte(arg[0]), false, nil) })
	case "providers":
		r = nd.operate(func(op OpID) []Effect { return nd.e.Providers(now(), op, []byte(arg[0]), 0, nil) })
	case "unpublish":
		r = nd.operate(func(op OpID) []Effect { return nd.e.Unpublish(now(), op, []byte(arg[0]), nil) })
	case "send":
		to := s.node(t, arg[0]).address
		r = nd.operate(func(op OpID) []Effect { return nd.e.SendMessage(now(), op, to, "/echo", []byte(arg[1]), nil) })
	default:
		t.Fatalf("no command %q", d.Cmd)
	}
	s.show(out, d, r)
}

func (s *script) addNodes(t *testing.T, d *datadriven.TestData, count string, out *strings.Builder) {
	more, err := strconv.Atoi(count)
	if err != nil {
		t.Fatal(err)
	}
	d.MaybeScanArgs(t, "k", &s.k)
	mode := "server"
	d.MaybeScanArgs(t, "mode", &mode)
	for range more {
		nd := s.add(func(c *Config) {
			c.K, c.Durable = s.k, d.HasArg("durable")
			switch mode {
			case "client":
				c.Mode = Client
			case "auto":
				c.Mode = Auto
			}
		})
		if r := nd.join(); r.Err != nil {
			fmt.Fprintf(out, "node %s: %v\n", nd.name, r.Err)
		}
	}
}

// show prints what matters of a result.
func (s *script) show(out *strings.Builder, d *datadriven.TestData, r *Result) {
	if d.HasArg("trace") {
		s.showSteps(out, d, r)
	}
	if r.Err != nil {
		fmt.Fprintf(out, "error: %v\n", r.Err)
	}
	if r.Record != nil {
		fmt.Fprintf(out, "%s=%s #%d, expires in %s\n", r.Record.Key, r.Record.Value, r.Record.Sequence, r.Expires.Sub(s.now).Round(time.Minute))
	}
	if r.Answers > 0 {
		fmt.Fprintf(out, "answers: %d\n", r.Answers)
	}
	if r.Holders > 0 {
		fmt.Fprintf(out, "holders: %d, itself %v\n", r.Holders, r.SelfHolder)
	}
	for _, refusal := range r.Refusals {
		if !refusal.Silent {
			fmt.Fprintf(out, "refused: %s\n", refusal.Status)
		}
	}
	if r.Peer != 0 {
		fmt.Fprintf(out, "peer: %s\n", s.at[s.book.Address(r.Peer).Endpoint].name)
	}
	if len(r.Contacts) > 0 {
		fmt.Fprintf(out, "contacts: %s\n", strings.Join(ids(s.network, r.Contacts), " "))
	}
	if len(r.Providers) > 0 {
		var names []string
		for _, p := range r.Providers {
			names = append(names, s.at[p.Peer.Endpoint].name)
		}
		sort.Strings(names)
		fmt.Fprintf(out, "providers: %s\n", strings.Join(names, " "))
	}
	if len(r.Payload) > 0 {
		fmt.Fprintf(out, "reply: %s\n", r.Payload)
	}
	if l := r.Lookup; l.RPCs > 0 {
		fmt.Fprintf(out, "hops %d, rounds %d, RPCs %d, %s\n", l.Hops, l.Rounds, l.RPCs, l.Ended.Sub(l.Started))
	}
}

func (s *script) showSteps(out *strings.Builder, d *datadriven.TestData, r *Result) {
	var what string
	if d.ScanArgs(s.t.(*testing.T), "trace", &what); what != "steps" {
		return
	}
	for _, e := range r.Trace {
		at := e.At.Sub(r.Lookup.Started)
		if e.Kind == lookup.Ended {
			fmt.Fprintf(out, "%6s  ended: %s\n", at, e.Reason)
			continue
		}
		fmt.Fprintf(out, "%6s  %s %s at hop %d, distance %d", at, e.Kind, ids(s.network, []identity.Contact{e.Contact})[0], e.Hop, e.Distance)
		if e.Kind == lookup.Answered {
			fmt.Fprintf(out, ": named %d, %d new", e.Named, e.New)
		}
		out.WriteByte('\n')
	}
}

// tableOf draws a table with the nodes' names.
func (s *script) tableOf(nd *node) string {
	buckets := make(map[int][]string)
	deepest := 0
	nd.e.Table().Each(func(c identity.Contact, _ time.Time, failures, bucket int) {
		text := ids(s.network, []identity.Contact{c})[0]
		if failures > 0 {
			text += fmt.Sprintf("(%d failed)", failures)
		}
		buckets[bucket] = append(buckets[bucket], text)
		deepest = max(deepest, bucket)
	})
	var out strings.Builder
	for b := 0; b <= deepest; b++ {
		if len(buckets[b]) > 0 {
			fmt.Fprintf(&out, "bucket %d: %s\n", b, strings.Join(buckets[b], " "))
		}
	}
	return out.String()
}
