package report

import "testing"

func TestNumbersOfPagesAreGrouped(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1.5: "1.5", 0.12345: "0.123", 12.34: "12.3", 1234.5: "1,234", -1234567: "-1,234,567", 100: "100", 0.0000001: "0"} {
		if got := Trimmed(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for text, want := range map[string]string{"": "", "-": "-", "999": "999", "1000": "1,000", "-1000.2500": "-1,000.2500", "12345 s": "12,345 s"} {
		if got := Grouped(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 nodes", 1: "1 node", 2: "2 nodes", 1000: "1000 nodes"} {
		if got := Count(n, "node"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := GroupedCount(1000, "node"); got != "1,000 nodes" {
		t.Errorf("a thousand: %q", got)
	}
}
