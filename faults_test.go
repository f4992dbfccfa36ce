package kadmium_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var (
	faultSeeds = flag.Int("seeds", 4, "seeds that TestFaults runs")
	faultSeed  = flag.Uint64("seed", 0, "the one seed that TestFaults runs, and tells the history of; 0: -seeds of them, from 1")
)

// allFaults are the kinds of faults that plans are drawn from.
func allFaults() []string {
	all := []string{faultCut, faultOneWay, faultWeather, faultRefuse, faultStop, faultSleep, faultCrash, faultTorn}
	if canFillDisks {
		all = append(all, faultFull)
	}
	return append(all, moreFaults()...)
}

// moreFaults are those that are drawn apart from the others.
func moreFaults() []string { return []string{faultWall, faultFirewall, faultMove, faultNight} }

var allRules = faultRules{kept: true, lifetime: true, forward: true, once: true, whole: true}

// ranAlone runs the test in a process of its own if the go command has this one log which
// files it reads: writes to that log would fail while a disk is full.
func ranAlone(t *testing.T) bool {
	log := flag.Lookup("test.testlogfile")
	if log == nil || log.Value.String() == "" {
		return false
	}
	out, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprint("-seeds=", *faultSeeds)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

// Whole nodes on a faulty network, with faulty disks and clocks: see faultPlan for what
// happens and faultRules for what must hold.
func TestFaults(t *testing.T) {
	if ranAlone(t) {
		return
	}
	first, last := uint64(1), uint64(*faultSeeds)
	if *faultSeed != 0 {
		first, last = *faultSeed, *faultSeed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			h := runFaults(t, seed, allFaults(), allRules, false)
			if *faultSeed != 0 {
				t.Log("\n" + strings.Join(h.lines, "\n"))
			}
			t.Logf("%d hosts, k %d, %v, trace %x: %v", h.w.plan.hosts, h.w.plan.k, h.w.plan.over, h.trace, h.counts)
			if len(h.violations) > 0 {
				t.Errorf("%d rules are broken:\n%s\nto see the history: go test -v -run 'TestFaults$' . -seed %d", len(h.violations), strings.Join(h.violations, "\n"), seed)
			}
		})
	}
}

// A seed gives the same run again: the same datagrams at the same moments. On a busy machine
// the runtime may take the processor from a goroutine, so two of four runs are enough.
func TestFaultsAreReplayed(t *testing.T) {
	if ranAlone(t) {
		return
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var traces []uint64
	for range 4 {
		trace := runFaults(t, 1, allFaults(), faultRules{}, false).trace
		if slices.Contains(traces, trace) {
			return
		}
		traces = append(traces, trace)
	}
	t.Errorf("seed 1 gave the traces %x", traces)
}

// The check finds a planted fault: a clock that stands still while its machine sleeps. What
// was planted by hand is in docs/measuring.md.
func TestFaultsFindAClockThatStandsStill(t *testing.T) {
	if ranAlone(t) {
		return
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for seed := range uint64(100) {
		if h := runFaults(t, seed+1, allFaults(), faultRules{lifetime: true}, true); len(h.violations) > 0 {
			t.Logf("seed %d: %s", seed+1, h.violations[0])
			return
		}
	}
	t.Error("100 seeds did not find it")
}
