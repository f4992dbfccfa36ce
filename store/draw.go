package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Draw draws the store as it is at that time: a line for each key, ordered, with
// its record and its provider entries, the lifetimes that remain and the times of
// replication; then what this node publishes.
func (s *Store) Draw(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d records, %d providers, %d published\n", s.records.count, s.providers.count, len(s.published))
	sorted := slices.SortedFunc(slices.Values(s.keys), func(a, b *KeyItems) int { return slices.Compare(a.Key, b.Key) })
	for _, items := range sorted {
		role := "holder"
		if items.Between > 0 {
			role = fmt.Sprintf("copy (%d between)", items.Between)
		}
		fmt.Fprintf(&b, "%-24q %s\n", truncated(items.Key), role)
		items.each(func(it *item) { fmt.Fprintf(&b, "  %s\n", it.draw(now)) })
	}
	for _, p := range s.allPublished(nil) {
		kind := "record"
		if p.Provider != nil {
			kind = "provider"
		}
		fmt.Fprintf(&b, "%-24q published %s, again in %s\n", truncated(p.Key()), kind, p.due.at.Sub(now).Round(time.Second))
	}
	return b.String()
}

func (it *item) draw(now time.Time) string {
	var what string
	if r := it.record; r != nil {
		what = fmt.Sprintf("record   seq %d %q", r.Sequence, truncated(r.Value))
	} else {
		what = fmt.Sprintf("provider seq %d %s at %s", it.provider.Sequence, it.provider.Peer.ID.Short(), it.provider.Peer.Endpoint)
	}
	again := "never"
	if it.replication.index > 0 {
		again = "in " + it.replication.at.Sub(now).Round(time.Second).String()
	}
	return fmt.Sprintf("%s, expires in %s, stored again %s", what, it.expires.at.Sub(now).Round(time.Second), again)
}
