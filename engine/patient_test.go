package engine

import (
	"testing"
	"time"

	"kadmium/kbucket"
)

// racing is whether the race detector is on.
var racing bool

// patience is a patient eclipse: the victim joins a network whose peers come and go, and two
// hours later attackers of so many subnets begin to speak to it, for so many hours. It
// returns their share of the victim's table after each of these, and how many requests the
// victim sends a minute.
func patience(t testing.TB, seed uint64, subnets, hours int, nodes bool, table func() kbucket.Policy) (w *eclipseWorld, shares []float64, perMinute float64) {
	w = newEclipseWorld(t, seed, 10000, true, table)
	w.start(nil)
	if r := w.join(3); r.Err != nil {
		t.Fatal(r.Err)
	}
	never := func() bool { return false }
	w.run(2*time.Hour, never)
	w.attackFrom(subnets)
	w.attackersAreNodes = nodes
	w.requests = 0
	for range hours {
		for range 60 {
			w.speak(40)
			w.request(w.live[w.rnd.IntN(len(w.live))])
			w.run(time.Minute, never)
		}
		shares = append(shares, w.share())
	}
	return w, shares, float64(w.requests) / float64(60*hours)
}

// Attackers who are always there, and speak to a node unasked while others come and go, do
// not get the places that become free (design R4.35): nearly all that they have after 12
// hours they took at once, as these places were free. It does not matter much whether
// others know them as nodes.
func TestPatientEclipse(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, nodes := range []bool{false, true} {
		w, shares, perMinute := patience(t, 5, 500, 12, nodes, nil)
		last, captured := shares[len(shares)-1], w.captured(20)
		t.Logf("they are nodes: %v; their share each hour %.2f of %d contacts, %d of 20 lookups captured, %.1f requests a minute",
			nodes, shares, w.e.table.Len(), captured, perMinute)
		if last > 0.65 || captured > 2 {
			t.Errorf("they are nodes: %v; %.0f %% of the table, %d of 20 lookups captured", nodes, 100*last, captured)
		}
	}
}
