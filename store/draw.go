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
	fmt.Fprintf(&b, "%d records, %d providers, %d published\n", s.records, s.providers, len(s.published))
	entries := slices.SortedFunc(slices.Values(s.entries), func(a, b *Entry) int { return slices.Compare(a.Key, b.Key) })
	for _, e := range entries {
		role := "holder"
		if e.Between > 0 {
			role = fmt.Sprintf("copy (%d between)", e.Between)
		}
		fmt.Fprintf(&b, "%-24q %s\n", truncated(e.Key), role)
		e.each(func(h *held) { fmt.Fprintf(&b, "  %s\n", h.draw(now)) })
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

func (h *held) draw(now time.Time) string {
	var what string
	if r := h.record; r != nil {
		what = fmt.Sprintf("record   seq %d %q", r.Sequence, truncated(r.Value))
	} else {
		what = fmt.Sprintf("provider seq %d %s at %s", h.provider.Sequence, h.provider.Peer.ID.Short(), h.provider.Peer.Endpoint)
	}
	again := "never"
	if h.replication.index > 0 {
		again = "in " + h.replication.at.Sub(now).Round(time.Second).String()
	}
	return fmt.Sprintf("%s, expires in %s, stored again %s", what, h.expires.at.Sub(now).Round(time.Second), again)
}
