package browsertest

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"kadmium/api/page"
)

// recorded is a report of kad sim --nodes 500 --lookups 500 --workload day --json.
const recorded = "testdata/day.json"

// drawn waits until a report is drawn whole: distributions, series, buckets and a lookup.
func (b *browser) drawn() {
	b.t.Helper()
	b.says("#report h3", "simulation of 500 nodes")
	b.until("document.querySelectorAll('#report .figure').length === 11")
	b.until("document.querySelectorAll('#report .line[d*=\"L\"]').length >= 10")
	b.until("document.querySelectorAll('#report .request').length >= 10 && document.querySelector('#report .winning')")
	b.until("document.querySelectorAll('#report .bar').length > 20")
}

// A report that is dropped or chosen is drawn, and answers the pointer and the keys; what
// is no report is refused in words.
func TestReport(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	file, err := filepath.Abs(recorded)
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles("#file", []string{file}))
	b.drawn()
	eval[bool](b, "document.querySelector('#report .trace svg').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }))")
	b.says("#report .detail", "distance")
	eval[bool](b, "document.querySelector('#report .chart').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true }))")
	b.until("Number(document.querySelector('#report .cursor').getAttribute('x1')) > 0")
	bad := filepath.Join(t.TempDir(), "bad.json")
	for text, want := range map[string]string{`{"kind":"<b>"}`: "no report of kad sim", `<script>`: "is no JSON", `{"sweep":[]}`: "no report"} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		eval[bool](b, "(document.querySelector('#file').value = '', document.querySelector('#report-problem').textContent = '', true)")
		b.do(chromedp.SetUploadFiles("#file", []string{bad}))
		b.says("#report-problem", want)
	}
	b.wellBehaved()
}

// viewReport opens the page of a recorded report, as kad view serves it.
func viewReport(t *testing.T) *browser {
	t.Helper()
	report, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: page.Viewer(report), ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	b := openBrowser(t)
	b.open(page.ViewerURL(l))
	b.drawn()
	return b
}

// kad view serves the page with a report and without a node.
func TestView(t *testing.T) {
	t.Parallel()
	b := viewReport(t)
	if shown := eval[bool](b, "document.querySelector('#table').checkVisibility()"); shown {
		t.Error("it shows a routing table without a node")
	}
	for _, scheme := range []string{"light", "dark"} {
		b.as(1280, 900, scheme)
		b.picture("report-" + scheme)
	}
	b.as(360, 900, "light")
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
		t.Errorf("at 360 px the report is %d px wide", wide)
	}
	b.picture("report-360")
	b.wellBehaved()
}
