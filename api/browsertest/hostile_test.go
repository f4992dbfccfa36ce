package browsertest

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kadmium"
)

const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>`

func contains(text, part string) bool { return strings.Contains(text, part) }

// Nothing that comes from the network is markup: a key, a value, the name of a protocol, a
// message and what an error says of them are shown as text, and nothing of them runs.
func TestHostileText(t *testing.T) {
	n := start(t)
	key := "/v/" + hostile
	n.put(3, key, hostile)
	n.put(0, "/v/own"+hostile, "x")
	const turned = "/drow\u202e" // what follows would run from right to left
	for _, name := range []string{"/" + hostile, turned} {
		if err := n.nodes[1].Handle(name, func(context.Context, kadmium.Message) ([]byte, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
	}
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	b.says("#held", hostile[:30])
	b.says("#published", hostile[:30])
	b.ask("get", key, "")
	b.says("#answer pre", hostile)
	b.says("#lookup-title", "<img")
	b.ask("get", key+"missing", "")
	b.says("#answer", hostile)
	eval[bool](b, "document.querySelector('.contact[data-key="+quotedID(n.nodes[1])+"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
	b.do(chromedp.Click("#contact .actions button"))
	b.says("#contact", "/"+hostile)
	b.says("#contact", `/drow\u202e`)
	if eval[bool](b, "/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)") {
		t.Error("a character that turns the order of text is shown as it came")
	}
	if made := eval[int](b, "document.querySelectorAll('img, main script, iframe, object, embed').length"); made > 0 {
		t.Errorf("%d elements were made of text", made)
	}
	b.wellBehaved()
}

// A stored value that is HTML, opened from the API as if it were a page, runs nothing: it
// is a download.
func TestStoredHTML(t *testing.T) {
	n := start(t)
	n.put(3, "/v/page.html", "<title>ran</title><script>document.title = 'ran'; alert(1)</script>")
	var opened atomic.Int64
	site := n.behind(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/v1/values/") {
			opened.Add(1)
		}
		return false
	})
	b := openBrowser(t)
	b.open(site + n.token)
	b.until(contacts + " === 19")
	for i, how := range []string{
		"window.open(%)", "location.href = %",
		// The page's policy lets none of these ask for it.
		"(() => { const f = document.createElement('iframe'); f.src = %; document.body.append(f); })()",
		"(() => { const f = document.createElement('object'); try { f.data = %; document.body.append(f); } catch { } })()",
		"(() => { const f = document.createElement('script'); try { f.src = %; document.body.append(f); } catch { } })()",
	} {
		at := quoted("/v1/values/" + url.PathEscape("/v/page.html"))
		eval[bool](b, "("+strings.ReplaceAll(how, "%", at)+", true)")
		asked := int64(min(i+1, 2))
		poll(t, "the browser asks for the value", func() bool { return opened.Load() == asked })
		b.observe(300 * time.Millisecond) // in which what runs would run
		if title := eval[string](b, "document.title"); title != "kadmium" {
			t.Errorf("%s: the title is %q", how, title)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.dialogs) > 0 {
		t.Errorf("the value ran: %q", b.dialogs)
	}
}
