package kadmium

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/transport/memnet"
)

// toldSteps is a context of WithSteps, the steps told under it, and when each was.
func toldSteps(t *testing.T) (context.Context, *[]Step, *[]time.Duration) {
	var steps []Step
	var at []time.Duration
	began := time.Now()
	return WithSteps(t.Context(), func(s Step) {
		steps, at = append(steps, s), append(at, time.Since(began))
	}), &steps, &at
}

// The steps that an operation's caller is told are those of the trace of its result, each
// at the moment at which it happens.
func TestStepsAreToldAsTheyHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 5 * time.Millisecond, Jitter: 20 * time.Millisecond}), 12)
		n, other := nodes[3], nodes[9]
		hold(t, other, "/v/theirs", "v", 1)
		hold(t, n, "/v/own", "v", 1)
		target := other.ID().Position()
		operations := map[string]func(context.Context) (Lookup, error){
			"find":    func(ctx context.Context) (Lookup, error) { f, err := n.FindPeer(ctx, other.ID()); return f.Lookup, err },
			"closest": func(ctx context.Context) (Lookup, error) { c, err := n.Closest(ctx, target); return c.Lookup, err },
			"get": func(ctx context.Context) (Lookup, error) {
				v, err := n.Get(ctx, "/v/theirs", GetOptions{})
				return v.Lookup, err
			},
			"own": func(ctx context.Context) (Lookup, error) {
				v, err := n.Get(ctx, "/v/own", GetOptions{})
				return v.Lookup, err
			},
			"put": func(ctx context.Context) (Lookup, error) {
				s, err := n.Put(ctx, "/v/new", nil, PutOptions{})
				return s.Lookup, err
			},
			"provide": func(ctx context.Context) (Lookup, error) { s, err := n.Provide(ctx, "k"); return s.Lookup, err },
			"join":    func(ctx context.Context) (Lookup, error) { return n.Bootstrap(ctx, other.Addresses()[0].String()) },
			"send": func(ctx context.Context) (Lookup, error) {
				r, err := n.Send(ctx, identity.Address{ID: other.ID()}, "p", nil)
				if errors.Is(err, ErrNoHandler) {
					err = nil
				}
				return *r.Lookup, err
			},
			"providers": func(ctx context.Context) (l Lookup, last error) {
				for _, err := range n.Providers(ctx, "k2", ProvidersOptions{Lookup: &l}) {
					last = err
				}
				return l, last
			},
		}
		for name, do := range operations {
			ctx, steps, at := toldSteps(t)
			l, err := do(ctx)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name != "providers" && !reflect.DeepEqual(*steps, l.Trace) {
				t.Errorf("%s: told %d steps, the trace has %d:\n%v\n%v", name, len(*steps), len(l.Trace), *steps, l.Trace)
			}
			if len(*steps) == 0 || (*steps)[len(*steps)-1].Kind != "ended" {
				t.Errorf("%s: the last step told is not the end: %v", name, *steps)
			}
			for i, s := range *steps {
				if name != "join" && (*at)[i] != s.At { // a join begins with a PING
					t.Errorf("%s: step %d, at %v, was told at %v", name, i, s.At, (*at)[i])
				}
			}
		}
	})
}

// The last step of an operation that its context ends is told before the operation
// returns, and a reader that leaves a sequence is told it too.
func TestLastStepIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond}), 6)
		n := nodes[2]
		ctx, steps, _ := toldSteps(t)
		ending, end := context.WithTimeout(ctx, 15*time.Millisecond)
		defer end()
		if _, err := n.Closest(ending, identity.Position{1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if last := (*steps)[len(*steps)-1]; last.Reason != lookup.Cancelled.String() {
			t.Errorf("the last step is %+v", last)
		}
		for _, holder := range slices.Concat(nodes[:2], nodes[3:]) {
			hold(t, holder, "/v/k", "v", 1)
		}
		ctx, steps, _ = toldSteps(t)
		for range n.Watch(ctx, "/v/k") {
			break
		}
		if last := (*steps)[len(*steps)-1]; last.Reason != lookup.Cancelled.String() {
			t.Errorf("the last step of the sequence is %+v", last)
		}
	})
}

// A function that is slow, and that calls the node, holds up nobody but its own operation.
func TestSlowReaderOfSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond}), 6)
		n := nodes[2]
		told := 0
		slow := WithSteps(t.Context(), func(Step) {
			told++
			time.Sleep(time.Second)
			if _, err := n.Ping(t.Context(), nodes[4].Addresses()[0]); err != nil {
				t.Error(err)
			}
		})
		c, err := n.Closest(slow, identity.Position{1})
		if err != nil || told != len(c.Lookup.Trace) || c.Lookup.Elapsed > 100*time.Millisecond {
			t.Errorf("told %d steps of %d, in %v: %v", told, len(c.Lookup.Trace), c.Lookup.Elapsed, err)
		}
		if lost := n.Stats().Counters["steps.dropped"]; lost != 0 {
			t.Errorf("%d steps dropped", lost)
		}
	})
}

func TestStepsOfAReaderFarBehind(t *testing.T) {
	n := new(Node)
	var told []Step
	s := &stepQueue{n: n, f: func(s Step) { told = append(told, s) }}
	at := time.Unix(1, 0)
	for i := range 2 * maxPendingSteps {
		s.add(&engine.Event{Step: &lookup.Event{Kind: lookup.Asked, At: at.Add(time.Duration(i))}})
	}
	s.add(&engine.Event{Step: &lookup.Event{Kind: lookup.Ended, At: at.Add(time.Second)}})
	s.tell()
	if len(told) != maxPendingSteps+1 || n.lostSteps.Load() != maxPendingSteps || told[maxPendingSteps].Kind != "ended" {
		t.Errorf("told %d steps, the last %v; %d dropped", len(told), told[len(told)-1], n.lostSteps.Load())
	}
	if !slices.IsSortedFunc(told, func(a, b Step) int { return int(a.At - b.At) }) {
		t.Error("out of order")
	}
}

// A step's time counts from the start of its lookup, also in events.
func TestTimesOfStepsInEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 5 * time.Millisecond}), 12)
		events := nodes[3].EventsOf(t.Context(), EventFilter{Kinds: []string{engine.LookupStep.String()}})
		c, err := nodes[3].Closest(t.Context(), nodes[9].ID().Position())
		if err != nil {
			t.Fatal(err)
		}
		var steps []Step
		for len(steps) == 0 || steps[len(steps)-1].Kind != lookup.Ended.String() {
			if e := <-events; e.Lookup != 0 {
				steps = append(steps, *e.Step)
			}
		}
		if !reflect.DeepEqual(steps, c.Lookup.Trace) || steps[len(steps)-1].At == 0 {
			t.Errorf("events:\n%v\nthe trace:\n%v", steps, c.Lookup.Trace)
		}
	})
}
