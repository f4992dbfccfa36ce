package rpc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"kadmium/identity"
)

// testdata/requests: requests that are answered, sent again and given up.
//
//	start ID...           requests sent now, with the initial timeout
//	answer ID...          answers that arrive now
//	wait DURATION         time passes, and deadlines are handled
func TestRequestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/requests", func(t *testing.T, path string) {
		start := time.Unix(1000, 0)
		now := start
		var q Requests
		var rtt RTT
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			say := func(format string, args ...any) {
				fmt.Fprintf(&out, "%-5v %s\n", now.Sub(start), fmt.Sprintf(format, args...))
			}
			for _, arg := range d.CmdArgs {
				switch d.Cmd {
				case "start":
					if _, err := q.Start(now, number(t, arg.Key), 1, nil, 0, rtt.RTO()); err != nil {
						say("%s: %v", arg.Key, err)
					}
				case "answer":
					r, ok := q.Answered(number(t, arg.Key))
					if !ok {
						say("%s: nobody asked", arg.Key)
						continue
					}
					say("%s: answered after %v and %d sent", arg.Key, now.Sub(r.Started), r.Tries)
				case "wait":
					end := now.Add(parseDuration(t, arg.Key))
					for next, ok := q.Next(); ok && !next.After(end); next, ok = q.Next() {
						now = next
						r, _ := q.Expired(now)
						if q.Retry(now, r, rtt.RTO()) {
							say("%d: sent again, try %d", r.ID, r.Tries)
							continue
						}
						q.Drop(r.ID)
						say("%d: given up", r.ID)
					}
					now = end
				default:
					d.Fatalf(t, "unknown command %s", d.Cmd)
				}
			}
			next := "nothing"
			if at, ok := q.Next(); ok {
				next = fmt.Sprint(at.Sub(start))
			}
			say("%d outstanding, next: %s", q.Len(), next)
			return out.String()
		})
	})
}

func number(t *testing.T, s string) (n uint64) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return n
}

func parseDuration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The table behaves like a list that is searched from end to end.
func TestRequestsAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		var q Requests
		var list []*Request // in order of sending
		find := func(id uint64) int {
			return slices.IndexFunc(list, func(r *Request) bool { return r.ID == id })
		}
		anyID := rapid.Uint64Range(0, 20)
		timeouts := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(1, 5).Draw(t, "timeout")) * 500 * time.Millisecond
		})
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				id, rto, m := anyID.Draw(t, "id"), timeouts.Draw(t, "rto"), new(Message)
				to, activity := identity.Contact(rapid.Uint32().Draw(t, "to")), rapid.Uint64().Draw(t, "activity")
				r, err := q.Start(now, id, to, m, activity, rto)
				if find(id) >= 0 {
					if !errors.Is(err, ErrIDInUse) {
						t.Fatalf("the ID of another: %v", err)
					}
					return
				}
				if err != nil || r.ID != id || r.To != to || r.Message != m || r.Activity != activity || r.Tries != 1 ||
					r.Started != now || r.Sent != now || r.Deadline != now.Add(rto) {
					t.Fatalf("started %+v, %v", r, err)
				}
				list = append(list, r)
			},
			"answer": func(t *rapid.T) {
				id := anyID.Draw(t, "id")
				r, ok := q.Answered(id)
				i := find(id)
				if ok != (i >= 0) || ok && r != list[i] {
					t.Fatalf("answered %+v, %v", r, ok)
				}
				if ok {
					list = slices.Delete(list, i, i+1)
				}
			},
			"drop": func(t *rapid.T) {
				id := anyID.Draw(t, "id")
				q.Drop(id)
				if i := find(id); i >= 0 {
					list = slices.Delete(list, i, i+1)
				}
			},
			"time passes": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "half seconds")) * 500 * time.Millisecond)
			},
			"expire": func(t *rapid.T) {
				r, ok := q.Expired(now)
				want := first(list)
				if ok != (want != nil && !want.Deadline.After(now)) || ok && r != want {
					t.Fatalf("expired %+v, %v, want %+v", r, ok, want)
				}
				if !ok {
					return
				}
				rto, tries := timeouts.Draw(t, "rto"), r.Tries
				i := find(r.ID)
				list = slices.Delete(list, i, i+1)
				if !q.Retry(now, r, rto) {
					if tries != MaxTries || !r.LastTry() {
						t.Fatalf("given up after %d tries", tries)
					}
					q.Drop(r.ID)
					return
				}
				if r.Tries != tries+1 || r.Sent != now || r.Deadline != now.Add(backoff(rto, r.Tries)) {
					t.Fatalf("sent again: %+v", r)
				}
				list = append(list, r)
			},
			"": func(t *rapid.T) {
				if q.Len() != len(list) {
					t.Fatalf("%d requests, want %d", q.Len(), len(list))
				}
				next, ok := q.Next()
				if r := first(list); ok != (r != nil) || ok && next != r.Deadline {
					t.Fatalf("next %v, %v, want %+v", next, ok, r)
				}
				seen := make(map[uint64]bool)
				q.Each(func(r *Request) { seen[r.ID] = find(r.ID) >= 0 })
				if len(seen) != len(list) {
					t.Fatalf("Each saw %v", seen)
				}
			},
		})
	})
}

// first is the request with the earliest deadline, of equals the one sent first.
func first(list []*Request) *Request {
	if len(list) == 0 {
		return nil
	}
	return slices.MinFunc(list, func(a, b *Request) int { return cmp.Compare(a.Deadline.UnixNano(), b.Deadline.UnixNano()) })
}

func TestRequestsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var q Requests
	for id := range uint64(MaxOutstanding) {
		if _, err := q.Start(now, id, 1, nil, 0, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Start(now, MaxOutstanding, 1, nil, 0, time.Second); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	q.Drop(5)
	if _, err := q.Start(now, MaxOutstanding, 1, nil, 0, time.Second); err != nil {
		t.Errorf("in place of another: %v", err)
	}
}

// RFC 6298, (5.5): each timeout doubles the next. A timeout above the ceiling,
// which only the caller can choose, is left as it is.
func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		rto  time.Duration
		try  int
		want time.Duration
	}{
		{100 * time.Millisecond, 1, 100 * time.Millisecond},
		{100 * time.Millisecond, 2, 200 * time.Millisecond},
		{100 * time.Millisecond, 3, 400 * time.Millisecond},
		{2 * time.Second, 2, maxRTO},
		{maxRTO, 3, maxRTO},
		{time.Minute, 3, time.Minute},
	} {
		if got := backoff(c.rto, c.try); got != c.want {
			t.Errorf("after try %d of %v: %v, want %v", c.try, c.rto, got, c.want)
		}
	}
}
