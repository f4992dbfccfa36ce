package rpc

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"
)

// testdata/rtt.txt: samples, one a line, and the estimates that follow.
func TestRTT(t *testing.T) {
	datadriven.RunTest(t, "testdata/rtt.txt", func(t *testing.T, d *datadriven.TestData) string {
		var r RTT
		var out strings.Builder
		if d.Cmd != "samples" {
			d.Fatalf(t, "unknown command %s", d.Cmd)
		}
		fmt.Fprintf(&out, "rto %v\n", r.RTO())
		for _, text := range strings.Fields(d.Input) {
			sample, err := time.ParseDuration(text)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			r.Sample(sample)
			fmt.Fprintf(&out, "%-6s srtt %v, rto %v\n", text, r.Smoothed(), r.RTO())
		}
		return out.String()
	})
}

func TestRTTHasEightBytes(t *testing.T) {
	if size := unsafe.Sizeof(RTT{}); size != 8 {
		t.Errorf("an RTT has %d bytes", size)
	}
}

// The integers follow the RFC's formulas to within some microseconds, and the
// timeout keeps its bounds whatever is measured.
func TestRTTFollowsTheFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Int64Range(1, 10_000_000), 1, 50).Draw(t, "samples, us")
		var r RTT
		var srtt, rttvar float64 // RFC 6298, section 2, in us
		for i, us := range samples {
			if i == 0 {
				srtt, rttvar = float64(us), float64(us)/2
			} else {
				rttvar = 0.75*rttvar + 0.25*math.Abs(srtt-float64(us))
				srtt = 0.875*srtt + 0.125*float64(us)
			}
			r.Sample(time.Duration(us) * time.Microsecond)
		}
		if off := math.Abs(float64(r.smoothed) - srtt); off > 8 {
			t.Errorf("SRTT %d us, the formula has %.1f", r.smoothed, srtt)
		}
		if off := math.Abs(float64(r.variation) - rttvar); off > 12 {
			t.Errorf("RTTVAR %d us, the formula has %.1f", r.variation, rttvar)
		}
		want := min(max(srtt+4*rttvar, 100_000), 3_000_000)
		if off := math.Abs(float64(r.RTO().Microseconds()) - want); off > 60 {
			t.Errorf("RTO %v, the formula has %.0f us", r.RTO(), want)
		}
	})
}

func TestRTTOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r RTT
		for _, d := range rapid.SliceOf(rapid.Int64()).Draw(t, "samples, ns") {
			r.Sample(time.Duration(d))
			if r.RTO() < minRTO || r.RTO() > maxRTO || r.Smoothed() <= 0 {
				t.Fatalf("after %v: %v, %v", time.Duration(d), r.Smoothed(), r.RTO())
			}
		}
	})
}

func TestBackOff(t *testing.T) {
	var r RTT
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		if r.BackOff(); r.RTO() != want {
			t.Errorf("nothing measured: %v, want %v", r.RTO(), want)
		}
	}
	if r.Sample(20 * time.Millisecond); r.RTO() != 100*time.Millisecond {
		t.Errorf("the first sample leaves %v", r.RTO())
	}
	if r.BackOff(); r.RTO() != 200*time.Millisecond || r.Smoothed() != 20*time.Millisecond {
		t.Errorf("measured: %v, %v", r.RTO(), r.Smoothed())
	}
	for range 20 {
		r.Sample(20 * time.Millisecond)
	}
	if r.RTO() != 100*time.Millisecond {
		t.Errorf("twenty samples later %v", r.RTO())
	}
}

// Whatever is measured of requests that are given up after seconds is packed
// without loss.
func TestPackedRTTLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r RTT
		for _, us := range rapid.SliceOf(rapid.Int64Range(-1, 16_000_000)).Draw(t, "samples, us") {
			if us < 0 {
				r.BackOff()
			} else {
				r.Sample(time.Duration(us) * time.Microsecond)
			}
			if again := r.Pack().RTT(); again != r {
				t.Fatalf("%+v came back as %+v", r, again)
			}
		}
	})
	if r := (RTT{math.MaxUint32, 1}).Pack().RTT(); r.Smoothed() < 16*time.Second || r.RTO() != maxRTO {
		t.Errorf("71 minutes came back as %v", r.Smoothed())
	}
}

// The timeout of a peer without a measurement is the usual one of the others, but within
// 200 and 500 ms, and 500 ms before any measurement (design R3.13).
func TestUnmeasured(t *testing.T) {
	if got := (RTT{}).Unmeasured(); got != 500*time.Millisecond {
		t.Errorf("nothing measured: %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		var r RTT
		for _, us := range rapid.SliceOfN(rapid.Int64Range(1, 2_000_000), 1, 30).Draw(t, "samples, us") {
			r.Sample(time.Duration(us) * time.Microsecond)
			usual := r.RTO()
			switch got := r.Unmeasured(); {
			case got < 200*time.Millisecond || got > 500*time.Millisecond:
				t.Fatalf("%v is out of bounds", got)
			case got != usual && got != 200*time.Millisecond && got != 500*time.Millisecond:
				t.Fatalf("%v is neither the usual %v nor a bound", got, usual)
			case got < usual && got != 500*time.Millisecond, got > usual && got != 200*time.Millisecond:
				t.Fatalf("%v is the wrong bound for %v", got, usual)
			}
		}
	})
}
