package report

import "fmt"

// Changed lists the cases whose verdict or outcome has changed, and those that are new or
// gone.
func Changed(committed, now []Row) []string {
	var changes []string
	before := make(map[string]Row, len(committed))
	for _, r := range committed {
		before[r.Case] = r
	}
	for _, r := range now {
		was, ok := before[r.Case]
		delete(before, r.Case)
		if !ok {
			changes = append(changes, fmt.Sprintf("%q is new: %s", r.Case, r.Verdict))
			continue
		}
		if was.Verdict != r.Verdict {
			changes = append(changes, fmt.Sprintf("%q was %s, is %s: libp2p %q, kadmium %q", r.Case, was.Verdict, r.Verdict, r.Libp2p, r.Kadmium))
			continue
		}
		for _, side := range []struct{ name, was, is string }{{"libp2p", was.Libp2p, r.Libp2p}, {"kadmium", was.Kadmium, r.Kadmium}} {
			if side.was != side.is {
				changes = append(changes, fmt.Sprintf("%q, %s: %s was %q, is %q", r.Case, r.Verdict, side.name, side.was, side.is))
			}
		}
	}
	for _, r := range committed {
		if _, left := before[r.Case]; left {
			changes = append(changes, fmt.Sprintf("%q is gone: it was %s", r.Case, r.Verdict))
		}
	}
	return changes
}
