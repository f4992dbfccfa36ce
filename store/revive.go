package store

import "time"

// A revivable is what Revive may still bring back.
type revivable struct {
	until time.Time
	ended []*item // loaded items that have expired, kept meanwhile
}

// Revive is told that less time passed before the restart than Load was told: the wall
// clock, which was ahead, has been set back (design R6.28). What was loaded has that much
// more to live, if no STORE has come since. It returns the changes.
func (s *Store) Revive(now time.Time, by time.Duration) (changes []Change) {
	if s.revivable == nil || !now.Before(s.revivable.until) {
		return nil
	}
	s.revivable.ended = nil
	for _, items := range s.keys {
		items.each(func(it *item) {
			if !it.loaded {
				return
			}
			s.expiry.set(&it.expires, it.expires.at.Add(by))
			s.judgeAt(it, s.afterRestart(now, it))
			changes = append(changes, s.changed(it)...)
		})
	}
	return changes
}
