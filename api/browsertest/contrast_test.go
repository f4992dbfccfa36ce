package browsertest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// contrast measures the page; the file says how.
//
//go:embed testdata/contrast.js
var contrast string

// legible checks the contrast of all that the page shows, in both colour schemes.
func (b *browser) legible(view string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.as(1280, 900, scheme)
		got := eval[struct {
			Measured int
			Found    []string
		}](b, contrast)
		if got.Measured < 60 {
			b.t.Errorf("%s, %s: only %d texts and marks were found", view, scheme, got.Measured)
		}
		for _, text := range got.Found {
			b.t.Errorf("%s, %s: %s", view, scheme, text)
		}
		b.picture("contrast-" + view + "-" + scheme)
	}
}

// opened opens all lists, so that they are measured too.
const opened = "(document.querySelectorAll('details').forEach((d) => { d.open = true; }), true)"

// Text of every view has a contrast of 4.5 to 1, large text and the marks of drawings of 3
// to 1 (WCAG 2.2, AA), in light and dark: of a well node, of one that is cut off, with every
// mark that a drawing has, and of reports.
func TestContrast(t *testing.T) {
	t.Parallel()
	n := startOf(t, 4) // buckets are full
	n.put(0, "/v/mine", "one")
	for i := range size { // the first holds one in five
		n.put(7, fmt.Sprintf("/v/theirs-%d", i), "two")
	}
	var cut, enough atomic.Bool
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/readyz" && cut.Load():
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"ready":false,"reason":"no peer answered in the last 30s"}`)
		case r.URL.Path == "/v1/table", r.URL.Path == "/v1/stats":
			n.everyMark(w, r)
		case r.URL.Path == "/v1/events":
			w.Header().Set("Content-Type", "text/event-stream")
			many(w, r, &enough)
		default:
			return false
		}
		return true
	})
	b := openBrowser(t)
	b.open(url)
	b.says("#sentence", "not allowed")
	b.legible("not allowed")
	b.open("about:blank") // another fragment alone is no other page
	b.open(url + n.token)
	b.until("document.querySelector('.contact.failing[data-key]') && document.querySelector('.contact.quiet[data-key]') && document.querySelector('#ring .waiting[transform]')")
	b.until("document.querySelector('#chart-drops .line.fifth') && document.querySelector('#chart-bytes .plot .line')")
	b.says("#sampling", "one in")
	b.says("#held", "/v/theirs")
	b.ask("get", "/v/theirs-3", "")
	b.says("#answer pre", "two")
	b.until("document.querySelector('#trace .winning')")
	eval[bool](b, opened)
	b.until("document.querySelector('#peer-list tbody tr') && document.querySelector('#table-list tbody tr') && document.querySelector('#trace-list tbody tr')")
	eval[bool](b, "document.querySelector('.contact[data-key]').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
	b.until(state + " === 'well'")
	b.legible("well")
	cut.Store(true)
	b.ask("get", "/v/nothing", "")
	b.says("#answer", "Next:")
	b.until(state + " === 'bad'")
	b.legible("cut off")
	b.wellBehaved()
}

// Reports are as legible as the live page.
func TestContrastOfReports(t *testing.T) {
	t.Parallel()
	b := viewReport(t)
	eval[bool](b, opened)
	b.legible("report")
	b.wellBehaved()
}

// everyMark answers with the table or the figures of the first node, in which a contact
// fails, one is quiet, some wait for a place, and datagrams are dropped for six reasons.
func (n *network) everyMark(w http.ResponseWriter, r *http.Request) {
	var shown any = n.nodes[0].Stats()
	if r.URL.Path == "/v1/table" {
		shown = n.nodes[0].Table()
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	if buckets, ok := all["buckets"].([]any); ok {
		first := buckets[0].(map[string]any)
		first["waiting"] = 2
		contacts := first["contacts"].([]any)
		contacts[0].(map[string]any)["failing"] = true
		contacts[1].(map[string]any)["last_seen"] = time.Now().Add(-2 * time.Hour)
	} else {
		dropped := map[string]any{}
		for i := range 6 {
			dropped[fmt.Sprintf("reason %d", i)] = time.Now().Unix() * int64(i+1)
		}
		all["wire"].(map[string]any)["dropped"] = dropped
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all)
}
