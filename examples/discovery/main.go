// Discovery is a small network of programs that find each other and say who they are. Each
// knows one other at most when it starts:
//
//	discovery -l :9000 -name one                              prints its address
//	discovery -l :9001 -name two   -b ADDRESS-OF-ONE
//	discovery -l :9002 -name three -b ADDRESS-OF-ONE -f ID-OF-TWO
//
// It keeps no list of its own: the node knows who is there (Node.Peers), tells who comes and
// goes (Node.Events), which protocols others speak (Node.Supports), and what this program
// noted about them (Node.SetNote).
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"kadmium"
	"kadmium/identity"
)

// hello is the protocol by which two programs tell their names: the payload is the name of
// one, the reply that of the other.
const hello = "/discovery/hello/1"

// nameNote is the note about a peer that holds its name.
const nameNote = "name"

// greetings bounds the peers that are greeted at a time, waiting those that wait for it (a
// node remembers no more), and greetTime how long one may take.
const (
	greetings = 8
	waiting   = 1024
	greetTime = 30 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "discovery:", err)
		os.Exit(1)
	}
}

// A discovery is the program around a node.
type discovery struct {
	node    *kadmium.Node
	made    chan struct{} // closed when node is set
	name    string
	strange chan identity.ID // peers to greet

	naming sync.Mutex // a name is noted by one at a time, and so told once

	mu  sync.Mutex
	out io.Writer
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("discovery", flag.ContinueOnError)
	listen := flags.String("l", ":9000", "UDP address to listen on")
	bootstrap := flags.String("b", "", "address of a program to join through")
	find := flags.String("f", "", "ID of a program to find and greet")
	data := flags.String("d", "", "directory that keeps the identity and what is known of others")
	name := flags.String("name", "somebody", "who this is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	d := &discovery{made: make(chan struct{}), name: *name, strange: make(chan identity.ID, waiting), out: out}
	cfg := kadmium.Config{Listen: []string{address(*listen)}, DataDir: *data, Handlers: map[string]kadmium.Handler{hello: d.greeted}}
	if *bootstrap != "" {
		cfg.Bootstrap = []string{*bootstrap}
	}
	node, err := kadmium.New(cfg)
	if err != nil {
		return err
	}
	defer node.Close()
	d.node = node
	close(d.made)
	events := node.Events(ctx)
	var greeters sync.WaitGroup
	for range greetings {
		greeters.Go(func() { d.greetAll(ctx) })
	}
	d.say("I am %s at %s", d.name, node.Addresses()[0])
	if err := node.Joined(ctx); err != nil && ctx.Err() == nil {
		d.say("nobody has answered yet: %v", err)
	}
	if *find != "" {
		if err := d.find(ctx, *find); err != nil {
			d.say("%s: %v", *find, err)
		}
	}
	for _, p := range node.Peers() {
		d.greet(p.ID)
	}
	for e := range events { // they end with ctx
		d.follow(e)
	}
	greeters.Wait()
	d.list()
	return nil
}

// address is where to listen: all IPv4 interfaces unless the text says which.
func address(text string) string {
	if strings.HasPrefix(text, ":") {
		return "0.0.0.0" + text
	}
	return text
}

// find looks a peer up and greets it.
func (d *discovery) find(ctx context.Context, text string) error {
	id, err := identity.ParseID(text)
	if err != nil {
		return err
	}
	found, err := d.node.FindPeer(ctx, id)
	if err != nil {
		return err
	}
	d.say("found %s in %d hops", found.Peer.Address, found.Lookup.Hops)
	d.greet(id)
	return nil
}

// follow says who comes and goes, and greets who comes.
func (d *discovery) follow(e kadmium.Event) {
	switch e.Kind {
	case "peer met", "peer returned":
		d.greet(e.Peer.ID)
	case "peer moved":
		d.say("%s has moved to %s", d.who(e.Peer.ID), e.Peer.Endpoint)
	case "peer silent":
		d.say("%s does not answer", d.who(e.Peer.ID))
	case "peer left":
		d.say("%s has left", d.who(e.Peer.ID))
	}
}

// greet has a peer greeted when its turn comes.
func (d *discovery) greet(id identity.ID) {
	select {
	case d.strange <- id:
	default:
		d.say("%s is not greeted: %d others wait", d.who(id), waiting)
	}
}

// greetAll greets one peer after another until the context ends.
func (d *discovery) greetAll(ctx context.Context) {
	for {
		select {
		case id := <-d.strange:
			d.tellName(ctx, id)
		case <-ctx.Done():
			return
		}
	}
}

// tellName tells a peer who this is, and notes who it is, if it speaks the protocol.
func (d *discovery) tellName(ctx context.Context, id identity.ID) {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	speaks, err := d.node.Supports(ctx, id, hello)
	if err != nil || len(speaks.Handled) == 0 {
		return
	}
	peer, _ := d.node.Peer(id)
	reply, err := d.node.Send(ctx, peer.Address(), hello, []byte(d.name))
	if err != nil {
		return
	}
	d.met(ctx, id, reply.Payload)
}

// greeted answers a greeting.
func (d *discovery) greeted(ctx context.Context, m kadmium.Message) ([]byte, error) {
	select {
	case <-d.made:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d.met(ctx, m.From.ID, m.Payload)
	return []byte(d.name), nil
}

// met notes the name of a peer, and says so if it is news.
func (d *discovery) met(ctx context.Context, id identity.ID, name []byte) {
	d.naming.Lock()
	known, _ := d.node.Note(id, nameNote)
	news := string(known) != string(name)
	var err error
	if news {
		err = d.node.SetNote(ctx, id, nameNote, name)
	}
	d.naming.Unlock()
	if err != nil {
		d.say("the name of %s is not noted: %v", id.Short(), err)
	} else if news {
		d.say("met %s", d.who(id))
	}
}

// who is a peer as it is shown: by its name, if it is known.
func (d *discovery) who(id identity.ID) string {
	if name, ok := d.node.Note(id, nameNote); ok {
		return fmt.Sprintf("%q (%s)", name, id.Short())
	}
	return id.Short()
}

// list says who is known.
func (d *discovery) list() {
	for _, p := range d.node.Peers() {
		state := "it answers"
		switch {
		case p.Left:
			state = "it has left"
		case p.Failing:
			state = "it does not answer"
		case p.Met.IsZero():
			state = "it was not met since the start"
		}
		d.say("knew %s at %s: %s", d.who(p.ID), p.Address(), state)
	}
}

func (d *discovery) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.out, format+"\n", args...)
}
