package session

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The model of docs/model against this package. Trails are lists of steps: what the two
// sides, the network and the clock do, and what comes of it. docs/model/check writes them.

var trails = flag.String("trails", "", "replay the trails of the model in this directory too")

// modelTick is the model's unit of time: with it the end of no life falls on a tick.
const modelTick = 4600 * time.Millisecond

// Trails of the model as it is: this package does step for step the same.
func TestModelTrails(t *testing.T) {
	files, _ := filepath.Glob("testdata/model/holds-*.txt")
	if len(files) == 0 {
		t.Fatal("no trails")
	}
	if *trails != "" {
		more, _ := filepath.Glob(filepath.Join(*trails, "*.txt"))
		if len(more) == 0 {
			t.Fatalf("no trails in %s", *trails)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			steps := readTrail(t, file)
			w := newTwoSides(t, t)
			w.replayTrail(steps, true)
			for i, step := range steps {
				if i >= len(w.log) || w.log[i] != step {
					t.Fatalf("step %d is %q in the model; here:\n%s", i+1, step, strings.Join(w.log[max(0, i-12):min(i+1, len(w.log))], "\n"))
				}
			}
		})
	}
}

// Trails that spin found after one rule of the model was changed: with the true rule
// the fault at their end does not come about, and both sides are answered.
func TestModelMutations(t *testing.T) {
	files, _ := filepath.Glob("testdata/model/fails-*.txt")
	if len(files) < 3 {
		t.Fatalf("%d trails", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			steps := readTrail(t, file)
			w := newTwoSides(t, t)
			w.replayTrail(steps, false)
			if slices.Equal(w.log, steps) {
				t.Error("the fault is here too")
			}
			w.settle()
		})
	}
}

// readTrail is the steps of a trail, without its comments.
func readTrail(t *testing.T, file string) (steps []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			steps = append(steps, line)
		}
	}
	return steps
}

// replayTrail does what the sides, the network and the clock do in a trail. What is not
// possible here, as the trail is of changed rules, is left out; an exact replay ends
// there.
func (w *twoSides) replayTrail(steps []string, exact bool) {
	for base, i := w.now, 0; i < len(steps); i++ {
		var who string
		var r, s int
		is := func(format string, args ...any) bool {
			n, err := fmt.Sscanf(steps[i], format, args...)
			return err == nil && n == len(args)
		}
		if exact && (len(w.log) > len(steps) || !slices.Equal(w.log, steps[:len(w.log)])) {
			return
		}
		w.now = w.now.Add(time.Millisecond)
		switch f := strings.Fields(steps[i]); {
		case is("begin %1s %d", &who, &r):
			w.begin(strings.Index("AB", who), r, sessionOf(steps[i+1:], r))
		case is("again %1s %d", &who, &r), is("give up %d", &r):
			if w.request[r] != nil {
				w.again(r)
			}
		case f[0] == "deliver", f[0] == "copy", f[0] == "lose":
			w.replayDatagram(f, steps, i)
		case f[0] == "tick":
			base = base.Add(modelTick)
			w.pass(base.Sub(w.now))
			w.note("tick")
		case f[0] == "hour":
			if in := w.use(0); in != nil {
				base = time.Unix(0, in.made).Add(MaxAge + 1800*time.Millisecond)
				w.pass(base.Sub(w.now))
			}
			w.note("hour")
		case f[0] == "uses":
			w.note("uses %d %d", w.number(w.use(0)), w.number(w.use(1)))
		case is("replay %1s %d", &who, &s):
			if s != 255 { // otherwise the model has no place left, and its run ends
				w.replay(strings.Index("AB", who), s)
			}
		case is("restart %1s", &who):
			w.restart(strings.Index("AB", who))
		case is("rekey %1s", &who):
			w.rekey(strings.Index("AB", who))
		case is("evict %1s", &who):
			w.evict(strings.Index("AB", who))
		case is("flood %1s", &who):
			w.flood(strings.Index("AB", who))
		}
	}
}

// replayDatagram is a step of the network: "deliver", "copy" or "lose", the kind of
// datagram, its request and, unless it is a first request, its session.
func (w *twoSides) replayDatagram(f, steps []string, i int) {
	kinds := map[string]Kind{
		"first request": KindFirstRequest, "first response": KindFirstResponse,
		"request": KindRequest, "response": KindResponse, "NOSESSION": KindNoSession,
	}
	text := strings.TrimPrefix(steps[i], f[0]+" ")
	var r, s int
	for name, kind := range kinds {
		rest, ok := strings.CutPrefix(text, name+" ")
		if !ok || strings.Contains("0123456789", rest[:1]) == false {
			continue
		}
		fmt.Sscan(rest, &r, &s)
		d := w.take(kind, r, s, f[0] == "copy")
		if d == nil {
			return
		}
		w.note("%s", steps[i])
		if f[0] == "lose" {
			w.spoil()
			return
		}
		number := 255
		if i+1 < len(steps) && kind == KindFirstRequest {
			fmt.Sscanf(steps[i+1], "%1s answers %d with %d", new(string), &r, &number)
		}
		w.arrive(d, number)
	}
}

// sessionOf is the session that the first contact of a request makes in the rest of a
// trail.
func sessionOf(rest []string, r int) int {
	number := 255
	for _, step := range rest {
		var who string
		var q, s int
		if n, _ := fmt.Sscanf(step, "begin %1s %d", &who, &q); n == 2 && q == r {
			break
		}
		if n, _ := fmt.Sscanf(step, "%1s completes %d with %d", &who, &q, &s); n == 3 && q == r {
			return s
		}
		if n, _ := fmt.Sscanf(step, "%1s answers %d with %d", &who, &q, &s); n == 3 && q == r {
			number = s
		}
	}
	return number
}

func (w *twoSides) number(s *Session) int {
	if s == nil {
		return 255
	}
	return w.label[s]
}

// The same, in any order that rapid thinks of, with steps of time of 0.7 s in place of
// 4.6 s, and with more requests, losses, copies and attacks than spin can try.
func TestTwoSidesHearEachOther(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		w := newTwoSides(outer, t)
		faulty, attacked := rapid.Bool().Draw(t, "faulty"), rapid.Bool().Draw(t, "attacked")
		most := rapid.IntRange(1, 4).Draw(t, "at once")
		number := 0
		arrive := func() {
			copied := rapid.IntRange(0, 5).Draw(t, "copied") == 0
			w.arriveAny(rapid.IntRange(0, len(w.way)-1).Draw(t, "datagram"), copied, number)
		}
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			w.now = w.now.Add(100 * time.Microsecond)
			number++
			x := rapid.IntRange(0, 1).Draw(t, "side")
			switch step := rapid.IntRange(0, 16).Draw(t, "step"); {
			case step < 5 && len(w.request) < most:
				w.begin(x, number, rapid.IntRange(0, 3).Draw(t, "ID"))
			case step < 11 && len(w.way) > 0:
				arrive()
			case step < 14:
				for !faulty && len(w.way) > 0 {
					arrive()
				}
				w.pass(time.Duration(rapid.SampledFrom([]int{1, 2, 6, 12, 43}).Draw(t, "pause")) * 700 * time.Millisecond)
				for _, r := range w.outstanding() {
					w.again(r)
				}
			case step == 14 && attacked:
				[]func(){func() { w.flood(x) }, func() { w.replay(x, number) }}[rapid.IntRange(0, 1).Draw(t, "attack")]()
			case step == 15 && faulty && len(w.way) > 0:
				i := rapid.IntRange(0, len(w.way)-1).Draw(t, "lost")
				w.way = slices.Delete(w.way, i, i+1)
				w.spoil()
			case step == 16 && faulty:
				[]func(int){w.restart, w.rekey, w.evict}[rapid.IntRange(0, 2).Draw(t, "ending")](x)
			}
		}
		w.settle()
	})
}

// arriveAny delivers a datagram on the way; a copy stays.
func (w *twoSides) arriveAny(i int, copied bool, number int) {
	d := w.way[i]
	if !copied {
		w.way = slices.Delete(w.way, i, i+1)
	}
	w.arrive(d, number)
}

// outstanding is the requests without an answer, in order.
func (w *twoSides) outstanding() (all []int) {
	for r := range w.request {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}
