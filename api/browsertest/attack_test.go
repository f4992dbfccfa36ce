package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"kadmium"
	"kadmium/api"
)

// A value that is HTML, opened by its URL, is a download of which nothing runs; and what
// another port of this host does with the node in its page comes to nothing.
func TestStoredHTMLAndAnotherSite(t *testing.T) {
	b := openBrowser(t)
	n := &network{t: t}
	n.add()
	l, err := api.ListenTCP("0", false, false)
	if err != nil {
		t.Fatal(err)
	}
	n.server = api.NewServer(nil, n.nodes[0])
	t.Cleanup(n.server.ServeTCP(l, api.TCPConfig{Open: true}))
	value := n.server.URL() + "v1/values/%2Fv%2Fpage"

	var ran atomic.Int64 // requests for what only code or markup of the value asks for
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, `<title>evil</title><iframe src=%[1]q></iframe><object data=%[1]q></object><embed src=%[1]q><img src=%[1]q>
<script src=%[1]q></script><link rel=stylesheet href=%[1]q><iframe src=%[2]q></iframe>
<script>
window.tries = (async () => {
  const got = [];
  for (const o of [{}, {mode: 'no-cors'}, {method: 'PUT', body: 'changed'}, {method: 'PUT', body: 'changed', mode: 'no-cors'}, {method: 'POST', mode: 'no-cors'}, {headers: {Authorization: 'Bearer x'}}]) {
    try { const r = await fetch(%[1]q, o); got.push(r.type + r.status + await r.text()); } catch (e) { got.push('refused'); }
  }
  return got.join();
})();
</script><form method=post enctype=text/plain target=f action=%[1]q></form>`, value, n.server.URL())
		case "/ran":
			ran.Add(1)
		}
	}))
	t.Cleanup(site.Close)
	n.put(0, "/v/page", fmt.Sprintf(`<!doctype html><title>ran</title><img src="%[1]s/ran"><script src="%[1]s/ran"></script>
<script>document.title='ran';fetch('%[1]s/ran');parent.ran=true;alert(1)</script><svg onload="fetch('%[1]s/ran')">`, site.URL))

	b.open(n.server.URL())
	_, err = chromedp.Run(b.ctx, chromedp.NavigateResponse(value))
	if err == nil || !strings.Contains(err.Error(), "net::ERR_ABORTED") {
		t.Errorf("opening the value: %v, want a download", err)
	}
	if title := eval[string](b, "document.title"); title == "ran" {
		t.Error("the value is the page")
	}
	b.open(site.URL)
	b.until("document.title === 'evil' && document.readyState === 'complete'")
	eval[bool](b, "window.tries.then(v => window.done = v), true")
	b.until("window.done !== undefined")
	got := eval[string](b, "window.done")
	if strings.Contains(got, "<title>") || strings.Contains(got, "basic") || strings.Contains(got, "cors2") {
		t.Errorf("another site got %s", got)
	}
	if eval[bool](b, "window.ran === true") || ran.Load() > 0 {
		t.Errorf("the value ran: %d requests", ran.Load())
	}
	b.mu.Lock()
	dialogs := len(b.dialogs)
	b.mu.Unlock()
	if dialogs > 0 {
		t.Errorf("%d dialogs", dialogs)
	}
	held, err := n.nodes[0].Get(context.Background(), "/v/page", kadmium.GetOptions{})
	if err != nil || !strings.Contains(string(held.Value), "<title>ran") {
		t.Errorf("the value is now %q, %v", held.Value, err)
	}
	if c := n.server.Counters(); c["http.refused.origin"] < 6 {
		t.Errorf("%d requests of another site were refused", c["http.refused.origin"])
	}
}
