package behaviour

import (
	"os"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	for _, c := range append(valueCases(), hostileCases()...) {
		if want := os.Getenv("CASE"); want != "" && want != c.Name {
			continue
		}
		b := time.Now()
		l, err := play(t.Context(), libp2pStage(10), c.Play, c.Libp2p)
		lt := time.Since(b)
		b = time.Now()
		k, err2 := play(t.Context(), kadmiumStage(10), c.Play, c.Kadmium)
		kt := time.Since(b)
		mark := "  "
		if (l != k) != (c.Why != "") {
			mark = "!!"
		}
		t.Logf("%s %-70s | %v %v | %v %v | %s | %s", mark, c.Name, lt.Round(time.Millisecond), err, kt.Round(time.Millisecond), err2, l, k)
	}
}
