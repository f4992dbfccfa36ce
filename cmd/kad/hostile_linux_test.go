package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/internal/cli"
	"kadmium/rpc"
)

// Twenty identities are made nearer to a key than all honest nodes: they are all its closest
// 20. What was put before is found; a put reaches honest holders all the same, and others get
// it from these; and what users see says that something is wrong.
func TestSybilsAtAKey(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	w := internet(t)
	nodes := honest(t, w, 150, kadmium.Config{})
	writer := u.userIn(w, 1, nodes[0].Addresses()[0])
	reader := u.userIn(w, 2, nodes[0].Addresses()[0])
	all := append(addressesOf(nodes), writer.ready.Addresses[0], reader.ready.Addresses[0])
	put := func(key string) kadmium.Stored {
		return one[kadmium.Stored](u.kad("put", key, "of "+key, "--control", "1", "--json").exits(cli.ExitDone))
	}
	said := func(key string, l *kadmium.Lookup, noticed bool) {
		t.Helper()
		t.Logf("%s: %d requests, suspect: %v", key, l.RPCs, l.Suspect)
		if noticed && l.Suspect.Crowded == nil {
			t.Errorf("%s: nothing is noticed", key)
		}
	}
	before, after := ordinaryKey(all, "before"), ordinaryKey(all, "after")
	honestly := put(before)
	t.Logf("put without attack at %d holders", honestly.Holders)
	said(before, &honestly.Lookup, false)
	for i, key := range []string{before, after} {
		sybils := newCrew(t)
		target, limit := identity.KeyPosition([]byte(key)), nearestTo(all, key)
		for j := range 20 {
			sybils.join(w, keyNear(&target, &limit), publicAt(ofAttacker+i, j))
		}
		sybils.greet(all)
		if key == after {
			got := put(key)
			count := holders(nodes, key)
			t.Logf("put at %d holders, %d of them honest", got.Holders, count)
			said(key, &got.Lookup, true)
			if count < 8 {
				t.Errorf("put at %d honest holders", count)
			}
		}
		for _, flags := range [][]string{nil, {"--fresh"}} {
			got := one[kadmium.Value](u.kad(append([]string{"get", key, "--control", "2", "--json"}, flags...)...).exits(cli.ExitDone))
			t.Logf("get %v: %d answers", flags, got.Answers)
			said(key, &got.Lookup, false)
			if string(got.Value) != "of "+key {
				t.Errorf("%s is %q", key, got.Value)
			}
		}
	}
	if text := u.kad("put", after, "again", "--control", "1", "--trace").exits(cli.ExitDone).stdout; !strings.Contains(text, "suspect: crowded") {
		t.Errorf("the trace of the put does not say it:\n%s", text)
	}
}

// ordinaryKey is a key that has its nearest node about as near as chance puts it: at
// 0.5 to 1.5 times the keyspace divided by the nodes.
func ordinaryKey(nodes []identity.Address, name string) string {
	for i := 0; ; i++ {
		key := fmt.Sprintf("/v/%s%d", name, i)
		target, near := identity.KeyPosition([]byte(key)), nearestTo(nodes, key)
		distance := identity.Xor(&target, &near)
		if d := float64(distance.Prefix()) / (1 << 63) / 2 * float64(len(nodes)); d > 0.5 && d < 1.5 {
			return key
		}
	}
}

// Among 17 honest nodes are three peers that answer PINGs, and drop, garble or delay their
// answers to queries. Lookups and puts go on, and soon ask them no more, or do not wait for
// them.
func TestMuteAndDrippingPeers(t *testing.T) {
	withoutRaceDetector(t)
	for name, how := range map[string]manners{
		"mute":     {silent: true},
		"garbling": {garbled: true},
		"dripping": {delay: 700 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUser(t)
			w := internet(t)
			nodes := honest(t, w, 17, kadmium.Config{})
			n := u.userIn(w, 1, nodes[0].Addresses()[0])
			peers := newCrew(t)
			peers.queries = how
			for i := range 3 {
				peers.join(w, randomKey(), publicAt(ofAttacker, i))
			}
			peers.greet(append(addressesOf(nodes), n.ready.Addresses[0]))
			var took [2][]time.Duration // by lookups and puts
			asked := 0
			for i := range 40 {
				key := fmt.Sprint("/v/", i)
				if i == 20 {
					asked = peers.askedBy(n)
				}
				if i%2 == 0 {
					got := one[kadmium.Closest](u.kad("closest", key, "--control", "1", "--json").exits(cli.ExitDone))
					took[0] = append(took[0], got.Lookup.Elapsed)
					continue
				}
				began := time.Now()
				got := one[kadmium.Stored](u.kad("put", key, "x", "--control", "1", "--json").exits(cli.ExitDone))
				if took[1] = append(took[1], time.Since(began)); holders(nodes, key) < 15 {
					t.Errorf("put %d is at %d nodes, %d of them honest", i, got.Holders, holders(nodes, key))
				}
			}
			for _, all := range took {
				slices.Sort(all[5:])
			}
			t.Logf("from the tenth operation on: closest %v to %v, put %v to %v, the command included", took[0][5], took[0][19], took[1][5], took[1][19])
			last := peers.askedBy(n) - asked
			t.Logf("of 40 operations the first 20 asked them %d times, the others %d times", asked, last)
			stats := one[kadmium.Stats](u.kad("stats", "--control", "1", "--json").exits(cli.ExitDone))
			if how.delay > 0 {
				if stats.Counters["lookups.late"] == 0 {
					t.Error("none counts as late")
				}
			} else if last > 3 || stats.Counters["queries.failed"] == 0 {
				t.Errorf("the last 20 operations asked them %d times; %d queries failed", last, stats.Counters["queries.failed"])
			}
		})
	}
}

// Attackers in four subnets fill all stores and go on while others put: these reach their
// holders all the same, and what was put before stays.
func TestStoreFloodOnSockets(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	w := internet(t)
	nodes := honest(t, w, 23, kadmium.Config{Limits: kadmium.Limits{Records: 400}})
	n := u.userIn(w, 1, nodes[0].Addresses()[0])
	crowd := newCrew(t)
	for i := range 4 {
		crowd.join(w, randomKey(), publicAt(ofAttacker, i))
	}
	put := func(name string, i int) {
		key := fmt.Sprintf("/v/%s%d", name, i)
		if i%8 == 0 {
			u.kad("put", key, "x", "--control", "1").exits(cli.ExitDone)
		} else if _, err := nodes[i%23].Put(t.Context(), key, []byte("x"), kadmium.PutOptions{}); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	for i := range 24 {
		put("before", i)
	}
	var sent, accepted atomic.Int64
	ending := make(chan struct{})
	var floods sync.WaitGroup
	targets := append(addressesOf(nodes), n.ready.Addresses[0])
	for _, a := range crowd.members {
		for _, to := range targets {
			floods.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-ending:
						return
					default:
					}
					key := fmt.Appendf(nil, "/v/flood/%v/%d", a.address.Endpoint, i)
					m := crowd.ask(a, to, &rpc.Message{Type: rpc.Store, Record: &rpc.Record{Key: key, Value: make([]byte, 900), Sequence: 1, TTL: 24 * time.Hour}})
					if sent.Add(1); m != nil && m.Status == rpc.OK {
						accepted.Add(1)
					}
				}
			})
		}
	}
	full := func() bool {
		return !slices.ContainsFunc(nodes, func(n *kadmium.Node) bool { return n.Stats().Counters["store.displaced"] == 0 })
	}
	eventually(t, patience, "all stores being full", full)
	for i := range 48 {
		put("during", i)
	}
	close(ending)
	floods.Wait()
	t.Logf("%d STOREs, %d accepted", sent.Load(), accepted.Load())
	for name, count := range map[string]int{"before": 24, "during": 48} {
		short := 0
		for i := range count {
			if holders(nodes, fmt.Sprintf("/v/%s%d", name, i)) < 15 {
				short++
			}
		}
		t.Logf("of %d records put %s %d have less than 15 honest holders", count, name, short)
		if short > count/20 {
			t.Errorf("of %d records put %s %d have less than 15 honest holders", count, name, short)
		}
	}
}

// A flood of messages that nobody handles prints ten of them a second, and a line of the
// log; the node goes on to serve.
func TestMessageFloodOnSockets(t *testing.T) {
	withoutRaceDetector(t)
	u := newUser(t)
	w := internet(t)
	nodes := honest(t, w, 8, kadmium.Config{})
	n := u.userIn(w, 1, nodes[0].Addresses()[0])
	crowd := newCrew(t)
	for i := range 4 {
		crowd.join(w, randomKey(), publicAt(ofAttacker, i))
	}
	began := time.Now()
	var sent, printed atomic.Int64
	go func() {
		for range n.lines {
			printed.Add(1)
		}
	}()
	ending := make(chan struct{})
	var floods sync.WaitGroup
	for _, a := range crowd.members {
		for range 8 {
			floods.Go(func() {
				for {
					select {
					case <-ending:
						return
					default:
					}
					if crowd.ask(a, n.ready.Addresses[0], &rpc.Message{Type: rpc.AppMessage, Protocol: "/flood/1", Payload: make([]byte, 1000)}) == nil {
						t.Error("the node answers no more")
						return
					}
					sent.Add(1)
				}
			})
		}
	}
	for i := range 20 {
		key := fmt.Sprint("/v/", i)
		u.kad("put", key, "x", "--control", "1").exits(cli.ExitDone)
		if v, err := nodes[i%8].Get(t.Context(), key, kadmium.GetOptions{}); err != nil || string(v.Value) != "x" {
			t.Errorf("get %s: %q, %v", key, v.Value, err)
		}
	}
	eventually(t, patience, "ten messages being left out for each that is printed", func() bool { return sent.Load() > 10*printed.Load()+1000 })
	close(ending)
	floods.Wait()
	took := time.Since(began)
	n.stop(syscall.SIGTERM)
	t.Logf("%d messages in %v, %d printed, %d bytes of log", sent.Load(), took, printed.Load(), len(n.stderr.String()))
	if most := int64(took/time.Second+2) * maxPrinted; printed.Load() > most || printed.Load() == 0 {
		t.Errorf("%d messages were printed in %v", printed.Load(), took)
	}
	if log := n.stderr.String(); strings.Count(log, "left_out_since_start") == 0 || len(log) > 16<<10 {
		t.Errorf("the log has %d bytes: %.2000s", len(log), log)
	}
}
