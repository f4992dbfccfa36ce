package kadmium_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"kadmium"
	"kadmium/identity"
)

// three makes three nodes on loopback; the second and third know only the first.
func three() (one, two, three *kadmium.Node) {
	make := func(seeds ...*kadmium.Node) *kadmium.Node {
		cfg := kadmium.Config{Listen: []string{"127.0.0.1:0"}}
		for _, s := range seeds {
			cfg.Bootstrap = append(cfg.Bootstrap, s.Addresses()[0].String())
		}
		n, err := kadmium.New(cfg)
		if err != nil {
			log.Fatal(err)
		}
		if err := n.Joined(context.Background()); err != nil {
			log.Fatal(err)
		}
		return n
	}
	one = make()
	return one, make(one), make(one)
}

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	first, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close()
	second, err := kadmium.New(kadmium.Config{
		Listen:    []string{"127.0.0.1:0"},
		Bootstrap: []string{first.Addresses()[0].String()},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()
	if err := second.Joined(ctx); err != nil {
		log.Fatal(err)
	}

	stored, err := second.Put(ctx, "/v/greeting", []byte("hello"), kadmium.PutOptions{})
	if err != nil {
		log.Fatal(err)
	}
	got, err := first.Get(ctx, "/v/greeting", kadmium.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d holders, sequence %d\n", stored.Holders, stored.Sequence)
	fmt.Printf("%s\n", got.Value)
	// Output:
	// 2 holders, sequence 1
	// hello
}

func ExampleNode_FindPeer() {
	one, two, three := three()
	defer one.Close()
	defer two.Close()
	defer three.Close()

	found, err := three.FindPeer(context.Background(), two.ID())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Peer.Address == two.Addresses()[0], found.Lookup.Reason)
	for _, step := range found.Lookup.Trace {
		if step.Kind == "found" {
			fmt.Println("found at hop", step.Hop)
		}
	}
	// Output:
	// true satisfied
	// found at hop 1
}

func ExampleNode_Send() {
	one, two, three := three()
	defer one.Close()
	defer two.Close()
	defer three.Close()

	two.Handle("/greet/1", func(_ context.Context, m kadmium.Message) ([]byte, error) {
		return fmt.Appendf(nil, "hello, %s", m.Payload), nil
	})
	// The address has no endpoint: three finds two first.
	reply, err := three.Send(context.Background(), identity.Address{ID: two.ID()}, "/greet/1", []byte("three"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", reply.Payload)
	// Output: hello, three
}

func ExampleNode_Put_compareAndSwap() {
	one, two, three := three()
	defer one.Close()
	defer two.Close()
	defer three.Close()
	ctx := context.Background()

	// Only this node can sign what stands under its own ID.
	key := "/sig/" + two.ID().String() + "/state"
	first, err := two.Put(ctx, key, []byte("draft"), kadmium.PutOptions{})
	if err != nil {
		log.Fatal(err)
	}
	// Replace the draft, but nothing that came after it.
	second, err := two.Put(ctx, key, []byte("final"), kadmium.PutOptions{CAS: &first.Sequence})
	if err != nil {
		log.Fatal(err)
	}
	_, err = two.Put(ctx, key, []byte("late"), kadmium.PutOptions{CAS: &first.Sequence})
	fmt.Println(first.Sequence, second.Sequence, err)
	// Output: 1 2 the sequence has changed (no node confirmed the value: refused: conflict)
}

func ExampleNode_Providers() {
	one, two, three := three()
	defer one.Close()
	defer two.Close()
	defer three.Close()
	ctx := context.Background()

	if _, err := two.Provide(ctx, "a song"); err != nil {
		log.Fatal(err)
	}
	for provider, err := range three.Providers(ctx, "a song", kadmium.ProvidersOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(provider.Peer == two.ID())
	}
	// Output: true
}

func ExampleNode_Watch() {
	one, two, three := three()
	defer one.Close()
	defer two.Close()
	defer three.Close()
	ctx := context.Background()

	if _, err := two.Put(ctx, "/v/score", []byte("1:0"), kadmium.PutOptions{}); err != nil {
		log.Fatal(err)
	}
	for value, err := range three.Watch(ctx, "/v/score") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", value.Value)
	}
	// Output: 1:0
}

// evens is a namespace of even-length values; the longest wins.
type evens struct{}

func (evens) Validate(_ string, value []byte) error {
	if len(value)%2 != 0 {
		return fmt.Errorf("%d bytes", len(value))
	}
	return nil
}

func (evens) Select(_ string, values [][]byte) (best int, err error) {
	for i, v := range values {
		if len(v) > len(values[best]) {
			best = i
		}
	}
	return best, nil
}

func ExampleValidator() {
	n, err := kadmium.New(kadmium.Config{
		Listen:     []string{"127.0.0.1:0"},
		Namespaces: map[string]kadmium.Validator{"even": evens{}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()
	_, err = n.Put(context.Background(), "/even/k", []byte("odd"), kadmium.PutOptions{})
	fmt.Println(err)
	// Output: invalid: /even: 3 bytes
}
