package cost

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"kadmium/compare/side"
	"kadmium/identity"
)

func nothing(string, int, int) {}

// find is a figure's values.
func (s *Sample) find(operation, metric string) []float64 {
	for _, f := range s.Figures {
		if f.Operation == operation && f.Metric == metric {
			return f.Values
		}
	}
	return nil
}

// On both sides, a network of a few nodes answers every operation, and what must be
// counted is.
func TestBothSides(t *testing.T) {
	for _, name := range []string{Libp2p, Kadmium} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const nodes, lookups = 8, 2
			only := slices.DeleteFunc(Operations(), func(o string) bool { return o == Crashed })
			s, err := Measure(t.Context(), name, Config{Nodes: nodes, Lookups: lookups, Profile: side.Matched, Alpha: 3, Operations: only, Holding: true}, nothing)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range operations {
				for _, metric := range []string{Succeeded, Asked, Requests, Bytes, Latency, CPU, CPUResult} {
					if got := s.find(o.name, metric); len(got) != lookups {
						t.Errorf("%s, %s: %d values, want %d", o.name, metric, len(got), lookups)
					}
				}
				for _, percent := range s.find(o.name, Succeeded) {
					if percent != 100 {
						t.Errorf("%s failed", o.name)
					}
				}
				// Libp2p does not always tell who answered: such hops are unknown.
				if rounds := s.find(o.name, Rounds); o.closest && !o.cold && (len(rounds) == 0 || slices.Min(rounds) < 1) {
					t.Errorf("%s: rounds %v", o.name, rounds)
				}
				if got := s.find(o.name, Hops); o.cold != (len(got) == 0) || len(got) > lookups {
					t.Errorf("%s, cold %v: hops %v", o.name, o.cold, got)
				}
			}
			for i, whole := range s.find("closest", CPU) {
				if toResult := s.find("closest", CPUResult)[i]; toResult > whole {
					t.Errorf("a lookup took %v ms of CPU to its result, and %v with all that followed", toResult, whole)
				}
			}
			for _, metric := range []string{"memory KiB a node, values held", "memory KiB a node, that values added"} {
				if got := s.find(Network, metric); len(got) != 1 {
					t.Errorf("%s: %v", metric, got)
				}
			}
			for _, o := range []string{"closest", "closest, cold"} {
				for i, requests := range s.find(o, Requests) {
					if requests < nodes-1 || s.find(o, Asked)[i] != nodes-1 {
						t.Errorf("%s asked %v peers with %v requests, want all %d", o, s.find(o, Asked)[i], requests, nodes-1)
					}
					if s.find(o, Closest)[i] != 100 || s.find(o, Alive)[i] != 100 {
						t.Errorf("%s found %v %% of the closest, %v %% alive", o, s.find(o, Closest)[i], s.find(o, Alive)[i])
					}
					if s.find(o, Bytes)[i] < 500 {
						t.Errorf("%s took %v bytes", o, s.find(o, Bytes)[i])
					}
				}
			}
			if cold, warm := s.find("closest, cold", Bytes)[0], s.find("closest", Bytes)[0]; cold <= warm {
				t.Errorf("a cold lookup took %v bytes, a warm one %v", cold, warm)
			}
			for _, holders := range s.find("put", Holders) {
				if holders < nodes-1 {
					t.Errorf("a put reached %v of %d nodes", holders, nodes)
				}
			}
		})
	}
}

// An operation that returns something else than what was sought has not succeeded.
func TestNotBrought(t *testing.T) {
	nodes := [2]side.Node{named{id: 1}, named{id: 2}}
	with := task{i: 1, pass: "first", searcher: nodes[0], other: nodes[1]}
	seek := 0
	for _, o := range operations {
		if o.brought == nil {
			continue
		}
		seek++
		for what, c := range map[string]struct {
			result side.Result
			want   error
		}{
			"nothing":              {side.Result{}, errNotBrought},
			"the searcher":         {side.Result{Peers: []identity.ID{nodes[0].ID()}}, errNotBrought},
			"another value":        {side.Result{Value: []byte("another")}, errNotBrought},
			"the value, the other": {side.Result{Value: with.value(), Peers: []identity.ID{nodes[1].ID()}}, nil},
		} {
			o.do = func(context.Context, task) (side.Result, error) { return c.result, nil }
			if _, err := o.run(t.Context(), with); !errors.Is(err, c.want) {
				t.Errorf("%s brought %s: %v, want %v", o.name, what, err, c.want)
			}
		}
	}
	if seek != 6 {
		t.Errorf("%d operations seek something, want all finds of peers and providers and both gets: 6", seek)
	}
}

// named is a node that has nothing but an ID.
type named struct {
	side.Node
	id byte
}

func (n named) ID() identity.ID { return identity.ID{n.id} }

// After a crash what comes back, and whether it lives, is judged by who is left.
func TestJudge(t *testing.T) {
	s, err := Measure(t.Context(), Kadmium, Config{Nodes: 8, Lookups: 2, Profile: side.Matched, Alpha: 3, Operations: []string{Crashed}, Converging: true, Idle: time.Second}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.find(Crashed, Alive); !slices.Equal(got, []float64{100, 100}) {
		t.Errorf("alive %v, want all of two lookups", got)
	}
	if got := s.find(Crashed, Closest); !slices.Equal(got, []float64{100, 100}) {
		t.Errorf("of the closest that live %v, want all of two lookups", got)
	}
	for _, metric := range []string{"convergence s", "idle bytes a node and second", "idle CPU ms a node and second", "memory KiB a node", "goroutines a node"} {
		if got := s.find(Network, metric); len(got) != 1 {
			t.Errorf("%s: %v", metric, got)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, try := range []struct {
		name string
		only []string
	}{{"ipfs", nil}, {Kadmium, []string{"furthest"}}} {
		if _, err := Measure(t.Context(), try.name, Config{Nodes: 2, Lookups: 1, Operations: try.only}, nothing); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q, %q: %v", try.name, try.only, err)
		}
	}
}
