package picture

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func twoSystems() Beside {
	return Beside{Title: "Two systems", Lines: []string{"50 nodes, k = 20, alpha = 3"}, Systems: [2]string{"one system", "the other"}}
}

// spread are values around a median, over so many powers of e.
func spread(median, powers float64) []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	var all []float64
	for range 200 {
		all = append(all, median*math.Exp(powers*random.NormFloat64()))
	}
	return all
}

// Every kind of picture is on a page of its size with nothing cut off, also of one
// system alone, and the same values make the same bytes.
func TestBeside(t *testing.T) {
	for _, c := range []struct {
		name   string
		height int
		draw   func(path string) error
	}{
		{"counts", 711, func(path string) error {
			return twoSystems().DrawCurves(path, "hops", []Curves{{"warm", [2][]float64{{1, 2, 2, 3}, {1, 1, 2}}}, {"cold", [2][]float64{{2, 2}, nil}}})
		}},
		{"logarithmic", 711, func(path string) error {
			return twoSystems().DrawCurves(path, "latency (ms)", []Curves{{"warm", [2][]float64{spread(2, .5), spread(.5, .3)}}, {"cold", [2][]float64{spread(40, .3), spread(9, .3)}}})
		}},
		{"the same", 600, func(path string) error {
			return twoSystems().DrawCurves(path, "hops", []Curves{{"warm", [2][]float64{{1, 1}, {1, 1}}}})
		}},
		{"linear", 600, func(path string) error {
			return twoSystems().DrawCurves(path, "latency (ms)", []Curves{{"warm", [2][]float64{spread(2, .2), spread(1, .2)}}})
		}},
		{"bars", 600, func(path string) error {
			return twoSystems().DrawBars(path, []Bars{
				{"KiB", []BarGroup{{"memory of a node", [2]float64{1234567, 130.2}}}},
				{"bytes", []BarGroup{{"closest", [2]float64{3000, 1000}}, {"closest, a quarter crashed", [2]float64{9000, math.NaN()}}, {"nothing", [2]float64{0, 0}}}},
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			first, second := filepath.Join(dir, "first.png"), filepath.Join(dir, "second.png")
			for _, path := range []string{first, second} {
				if err := c.draw(path); err != nil {
					t.Fatal(err)
				}
			}
			checkPNG(t, first, 960, c.height)
			a, errA := os.ReadFile(first)
			b, errB := os.ReadFile(second)
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("the second differs (%v, %v)", errA, errB)
			}
		})
	}
}
