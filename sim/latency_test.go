package sim

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Half a round trip each way.
func TestConstLatency(t *testing.T) {
	l := latency(t, "const:50ms")
	if d := newPath(&l, 1).oneWay(3, 4, 5); d != 25*time.Millisecond {
		t.Error(d)
	}
}

// Each pair has a round trip of its own, the same both ways, always, and of the mean
// that was asked for.
func TestExpLatency(t *testing.T) {
	l := latency(t, "exp:80ms")
	p := newPath(&l, 1)
	a := uint32(0)
	got := mean(200_000, func() float64 {
		a++
		b := a*7 + 3
		rtt := p.rtt(a, b)
		if rtt != p.rtt(b, a) || p.oneWay(a, b, 1) != p.oneWay(b, a, 2) {
			t.Fatalf("nodes %d and %d: there and back differ", a, b)
		}
		return rtt
	})
	within(t, "mean round trip", got, 80, 0.6)
	least := never
	for b := range uint32(2000) {
		least = min(least, p.oneWay(1, b+2, 0))
	}
	if least != oneWayFloor { // some pairs of 2,000 have less than 2 ms by the model
		t.Errorf("a datagram takes at least %v, want %v", least, oneWayFloor)
	}
	if p.rtt(1, 2) == p.rtt(1, 3) || p.rtt(1, 2) == newPath(&l, 2).rtt(1, 2) {
		t.Error("another pair, or seed, has the same round trip")
	}
}

// The round trips of the world model, without jitter: the percentiles of the
// measurements it was fitted to (3 %).
func TestWorldLatency(t *testing.T) {
	l := latency(t, "world")
	p := newPath(&l, 1)
	var all []float64
	for a := uint32(1); a < 2000; a++ {
		for b := a + 1; b < 2000; b += 13 {
			rtt := p.rtt(a, b)
			if b%97 == 0 && rtt != p.rtt(b, a) {
				t.Fatalf("nodes %d and %d: there and back differ", a, b)
			}
			all = append(all, rtt)
		}
	}
	slices.Sort(all)
	for percent, want := range map[int]float64{5: 41, 25: 93, 50: 162, 75: 244, 90: 339, 99: 489} {
		got := all[len(all)*percent/100]
		within(t, "percentile of round trips", got/want, 1, 0.03)
	}
	// Jitter adds exp(1/2) times its median on average.
	bare := time.Duration(p.rtt(1, 2) / 2 * float64(time.Millisecond))
	random := source(1, forWire)
	got := mean(200_000, func() float64 {
		d := p.oneWay(1, 2, random.Uint64()) - bare
		if d < 0 {
			t.Fatal("a datagram is faster than its way")
		}
		return d.Seconds() * 1e3
	})
	within(t, "mean jitter", got, 0.824, 0.02)
	// Of two that are kept at one place each has its own all the same.
	if there, back := p.rtt(1, 1+placesKept), p.rtt(1+placesKept, 1); there != back || there == 2*float64(placeOf(1, 1).h) {
		t.Errorf("%v ms there, %v back", there, back)
	}
	// A place that was pushed out of memory by another is found again.
	before := p.rtt(1, 2)
	p.rtt(1+placesKept, 2+placesKept)
	if p.rtt(1, 2) != before {
		t.Error("a node has moved")
	}
}

// Each node is at a site, and a round trip is the mean of both directions.
func TestFileLatency(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sites.csv")
	if err := os.WriteFile(path, []byte("0,10\n30,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := latency(t, "file:"+path)
	p := newPath(&l, 1)
	counts := make(map[float64]int)
	const n = 20_000
	for a := range uint32(n) {
		rtt := p.rtt(a+1, a*3+2)
		if rtt != p.rtt(a*3+2, a+1) {
			t.Fatal("there and back differ")
		}
		counts[rtt]++
	}
	if len(counts) != 3 {
		t.Errorf("round trips %v", counts)
	}
	for rtt, share := range map[float64]float64{0: 0.25, 4: 0.25, 20: 0.5} {
		within(t, "share of a round trip", float64(counts[rtt])/n, share, 0.015)
	}
	if l.String() != "file:"+path {
		t.Errorf("it is called %s", l)
	}
}

func TestReadMatrix(t *testing.T) {
	for text, sites := range map[string]int{
		"7\n": 1, "7": 1, "1,2\n3,4\n": 2, "# two\n1, 2\r\n 3 ,4e1\n\n": 2, "\"1\",2\n3,60000\n": 2, "0,0,0\n0,0,0\n0,0,0": 3,
	} {
		m, err := readMatrix(strings.NewReader(text))
		if err != nil || len(m) != sites || len(m[sites-1]) != sites {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
	for text, says := range map[string]string{
		"": "square", "# nothing\n": "square", "1,2\n": "square", "1\n2\n": "square", "1,2\n3\n": "wrong number of fields",
		"1,x\n3,4": `row 1: "x"`, "1,2\n3,-4": `row 2: "-4"`, "1,2\n3,60001": `"60001"`, "1,NaN\n3,4": `"NaN"`, "1,Inf\n3,4": `"Inf"`, "1,\n3,4": `row 1: ""`,
		"1;2\n3;4": `"1;2"`, "1,\"2\n3,4": "quote", strings.Repeat("1\n", maxSites+1): "over 10000 sites",
	} {
		if _, err := readMatrix(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v, want it to say %q", text, err, says)
		}
	}
}

func TestParseLatency(t *testing.T) {
	for text, want := range map[string]string{"const:50ms": "const:50ms", "const:0s": "const:0s", "const:0.05s": "const:50ms", "exp:1m": "exp:1m0s", "world": "world"} {
		if l := latency(t, text); l.String() != want {
			t.Errorf("%q is called %q", text, l)
		}
	}
	for _, text := range []string{"", "bogus", "const", "const:", "const:50", "const:-1ms", "const:61s", "exp:soon", "exp:", "world:", "world:1ms", "file:", "file", "World"} {
		if _, err := ParseLatency(text); !errors.Is(err, ErrBadConfig) {
			t.Errorf("%q: %v", text, err)
		}
	}
	dir := t.TempDir()
	if _, err := ParseLatency("file:" + filepath.Join(dir, "none.csv")); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrBadConfig) {
		t.Error(err)
	}
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte("1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseLatency("file:" + bad); !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), bad) {
		t.Error(err)
	}
	if _, err := ParseLatency("file:" + dir); err == nil {
		t.Error("a directory is a matrix")
	}
}

// Whatever is given: no panic; what is taken comes back as it was said.
func FuzzParseLatency(f *testing.F) {
	for _, text := range []string{"const:50ms", "exp:1h", "world", "file:", "const:59.9999s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "file:") {
			return // FuzzReadMatrix reads files
		}
		l, err := ParseLatency(text)
		if err != nil {
			if !errors.Is(err, ErrBadConfig) {
				t.Error(err)
			}
			return
		}
		again, err := ParseLatency(l.String())
		if err != nil || again.String() != l.String() || again.mean != l.mean || again.kind != l.kind {
			t.Errorf("%q is %q, which is read as %q: %v", text, l, again, err)
		}
		if d := newPath(&l, 1).oneWay(1, 2, 3); d < 0 || d > maxRTT*time.Millisecond {
			t.Errorf("%q: a datagram takes %v", text, d)
		}
	})
}

// Whatever a file holds: no panic, and a matrix is square and of times that can be.
func FuzzReadMatrix(f *testing.F) {
	for _, text := range []string{"1,2\n3,4\n", "# none\n", "1", "0x1p-2", "1,2\n3", "\"1\"", "1,\"\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readMatrix(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, row := range m {
			if len(row) != len(m) || len(m) == 0 {
				t.Fatalf("%d rows, one of %d", len(m), len(row))
			}
			for _, ms := range row {
				if !(ms >= 0 && ms <= maxRTT) {
					t.Errorf("%v ms", ms)
				}
			}
		}
	})
}
