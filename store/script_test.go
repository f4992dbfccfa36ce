package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"kadmium/rpc"
)

// Scenarios of a record's lifetime, as scripts in testdata: commands to one store and
// its answers. The arguments of commands are name=value.
//
//	put key value [seq] [ttl] [between] [swap]     STORE a record
//	provide key peer [seq] [ttl] [between]         ADD_PROVIDER
//	get key | providers key
//	wait for                                       let time pass and expire what has to
//	due                                            what is due to be replicated or published
//	holder key between                             other nodes come or go
//	publish key value [seq] [ttl] | unpublish key
//	restart                                        kill -9 and a start from the journal
//	draw
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		f := newFixture(t, Config{replicateJitter: 1}) // so that times read well
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			f.t = t
			return f.command(scriptArgs{t, d})
		})
	})
}

type scriptArgs struct {
	t *testing.T
	d *datadriven.TestData
}

func (a scriptArgs) text(name, otherwise string) string {
	a.d.MaybeScanArgs(a.t, name, &otherwise)
	return otherwise
}

func (a scriptArgs) number(name string, otherwise uint64) uint64 {
	a.d.MaybeScanArgs(a.t, name, &otherwise)
	return otherwise
}

func (a scriptArgs) duration(name string) time.Duration {
	d, err := time.ParseDuration(a.text(name, "24h"))
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

func (a scriptArgs) record() *rpc.Record {
	return blackboardRecord(a.text("key", ""), a.text("value", ""), a.number("seq", 1), a.duration("ttl"))
}

// command executes one command and returns its result.
func (f *fixture) command(a scriptArgs) string {
	key, between := a.text("key", ""), int(a.number("between", 0))
	switch a.d.Cmd {
	case "put":
		var swap *uint64
		if a.d.HasArg("swap") {
			n := a.number("swap", 0)
			swap = &n
		}
		return fmt.Sprintln(f.putFrom(a.record(), publicSource(1), swap, between))
	case "provide":
		p := providerEntry(byte(a.number("peer", 0)), key, a.number("seq", 1), 4100, a.duration("ttl"))
		return fmt.Sprintln(f.provide(p, between))
	case "get":
		r, ok := f.Get(f.now, []byte(key))
		if !ok {
			return "not found\n"
		}
		return fmt.Sprintf("%q, sequence %d, %v left\n", r.Value, r.Sequence, r.TTL)
	case "wait":
		f.now = f.now.Add(a.duration("for"))
		return fmt.Sprintf("%d expired\n", f.expire())
	case "due":
		return f.due()
	case "holder":
		f.SetBetween([]byte(key), between)
	case "publish":
		f.publishRecord(a.record())
	case "unpublish":
		changes, ok := f.Unpublish([]byte(key))
		f.write(changes)
		return fmt.Sprintln(ok)
	case "restart":
		f.restart()
	case "draw":
		return f.Draw(f.now)
	default:
		a.d.Fatalf(a.t, "unknown command")
	}
	return "ok\n"
}

// due does what is due and returns what that was.
func (f *fixture) due() string {
	var b strings.Builder
	for {
		key, ok := f.DueReplication(f.now)
		if !ok {
			break
		}
		r, providers := f.Overdue(f.now, key, nil)
		f.Replicated(f.now, key, f.rnd)
		fmt.Fprintf(&b, "store %q again:", key)
		if r != nil {
			fmt.Fprintf(&b, " record, %v left", r.TTL)
		}
		for _, p := range providers {
			fmt.Fprintf(&b, " provider %s, %v left", p.Peer.Endpoint, p.TTL)
		}
		b.WriteByte('\n')
	}
	for {
		p, ok := f.DueRepublish(f.now)
		if !ok {
			break
		}
		f.write(f.Republished(f.now, p))
		fmt.Fprintf(&b, "publish %q again: %v\n", p.Key(), p.Record.TTL)
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}
