package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kadmium"
)

const (
	contacts = "document.querySelectorAll('.contact[data-key]').length"
	state    = "document.querySelector('#state').dataset.state"
)

// Each view shows what the node knows: all contacts, values, tasks, figures and charts.
func TestViews(t *testing.T) {
	n := start(t)
	n.put(0, "/v/mine", "one")
	n.put(7, "/v/theirs", "two")
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19 && " + state + " === 'well'")
	b.says("#sentence", "all 19 peers in its table answered when last asked")
	b.says("#figures", "server")
	b.says("#published", "/v/mine")
	b.says("#held", "/v/theirs")
	b.says("#task-list", "refresh")
	b.until("document.querySelector('#chart-bytes .plot .line[d*=L]') !== null")
	b.do(chromedp.Click("#table-list summary"))
	b.until("document.querySelectorAll('#table-list tbody tr').length === 19")
	if text := b.text("#table-list"); !contains(text, n.nodes[5].ID().String()[44:]) {
		t.Errorf("the table as a table lacks a contact: %s", text)
	}
	b.do(chromedp.Click("#peer-list summary"))
	b.until("document.querySelectorAll('#peer-list tbody tr').length === 19")
	b.says("#peer-list", "has answered, in the table, session")
	b.wellBehaved()
}

// A lookup of one's own is drawn, and its result stands beside it: put, get, closest, find
// and what was not found.
func TestOwnLookups(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	b.ask("put", "/v/greeting", "hello there")
	b.says("#answer", "Stored at 20 nodes, this node one of them, as sequence 1.")
	b.says("#lookup-title", "Yours: put a value: /v/greeting")
	b.until("document.querySelectorAll('#trace .request').length >= 19")
	b.says("#published", "/v/greeting")
	b.ask("get", "/v/greeting", "")
	b.says("#answer pre", "hello there")
	b.until("document.querySelectorAll('#trace .winning').length >= 1")
	b.ask("closest", "/v/greeting", "")
	b.says("#answer", "19 nodes answered, nearest first")
	b.ask("find", n.nodes[3].ID().String(), "")
	b.says("#answer", n.nodes[3].Addresses()[0].String())
	b.ask("get", "/v/nothing", "")
	b.says("#answer", "Next: Check the name. The drawing shows who was asked.")
	if listed := eval[int](b, "[...document.querySelectorAll('#lookup-list tbody tr')].filter((r) => r.innerText.includes('closest')).length"); listed != 1 {
		t.Errorf("the lookup of the closest nodes is listed %d times", listed)
	}
	b.wellBehaved()
}

// ask starts a lookup of one's own.
func (b *browser) ask(kind, target, value string) {
	b.t.Helper()
	b.until("!document.querySelector('#ask button').disabled")
	eval[bool](b, fmt.Sprintf(`(() => {
		const set = (id, value) => { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('change')); };
		set('ask-kind', %q); set('ask-target', %q); set('ask-value', %q);
		document.querySelector('#ask button').click();
		return true;
	})()`, kind, target, value))
}

// Under churn newcomers appear, and who leaves is shown as failing or goes.
func TestChurn(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	left := n.nodes[4:8]
	for _, node := range left {
		node.Close()
	}
	for range 4 {
		n.add()
	}
	for _, node := range n.nodes[size:] {
		b.until("document.querySelector('.contact[data-key=" + quotedID(node) + "]') !== null")
	}
	for _, node := range left { // they said that they left
		b.until("!document.querySelector('.contact.fresh[data-key=" + quotedID(node) + "]')")
	}
	b.says("#event-list", "peer added")
	b.until(state + " === 'well'")
	b.wellBehaved()
}

// A node that is cut off says so, in the sentence and aloud, and what to do; so does the
// page if the node itself is gone, and both turn back.
func TestCutOff(t *testing.T) {
	n := start(t)
	var gone, cut atomic.Bool
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case gone.Load():
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/readyz" && cut.Load():
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"ready":false,"reason":"no peer answered in the last 30s, and 3 neighbours did not answer a PING"}`)
		default:
			return false
		}
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(state + " === 'well'")
	cut.Store(true)
	b.says("#sentence", "This node is not ready: no peer answered in the last 30s")
	b.says("#next", "Check the link")
	b.says("#spoken", "not ready")
	b.picture("bad")
	cut.Store(false)
	b.until(state + " === 'well'")
	gone.Store(true)
	b.says("#sentence", "has not answered this page for")
	gone.Store(false)
	b.until(state + " === 'well'")
	b.wellBehaved()
}

// A node whose peers have all left does not say that it is well.
func TestPeersGone(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19 && " + state + " === 'well'")
	n.closeOthers()
	b.ask("closest", "/v/anything", "")
	b.until(state + " === 'bad'")
	b.wellBehaved()
}

// After a reload the page is as before.
func TestReload(t *testing.T) {
	n := start(t)
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	if url := eval[string](b, "location.href"); url != n.url {
		t.Errorf("the token stays in the address: %s", url)
	}
	b.do(chromedp.Reload())
	b.until(contacts + " === 19 && " + state + " === 'well'")
	if token := eval[string](b, "sessionStorage.getItem('kad.token')"); "#token="+token != n.token {
		t.Errorf("after a reload the token is %q", token)
	}
	b.wellBehaved()
}

// Above 200 events a second the page shows a sample, says so, and stays usable. Of 400 lookups
// at a time it shows those that it does whole.
func TestManyEvents(t *testing.T) {
	n := start(t)
	var enough atomic.Bool
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/events" {
			return false
		}
		w.Header().Set("Content-Type", "text/event-stream")
		many(w, r, &enough)
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(contacts + " === 19")
	b.until(`/[45],\d\d\d events a second: one in \d\d(\.\d)? is shown/.test(document.querySelector('#event-rate').innerText)`)
	b.says("#sampling", "Lookups are shown whole or not at all")
	b.until("document.querySelectorAll('#lookup-list tbody tr').length > 3")
	b.ask("closest", "/v/still-here", "")
	b.says("#answer", "19 nodes answered")
	enough.Store(true)
	b.until("document.querySelector('#event-rate').innerText.startsWith('0 events a second')")
	others := "[...document.querySelectorAll('#lookup-list tbody tr')].filter((r) => !r.innerText.includes('yours'))"
	if listed := eval[int](b, others+".length"); listed < 10 {
		t.Errorf("only %d lookups of the sample are listed", listed)
	}
	if torn := eval[string](b, others+".filter((r) => r.cells[3].innerText !== '2' || r.cells[5].innerText !== 'converged').map((r) => r.innerText).join('; ')"); torn != "" {
		t.Errorf("lookups of the sample are shown in part: %s", torn)
	}
	b.wellBehaved()
}

// many sends 5,000 events a second, of 400 lookups at a time with five steps each, until there
// are enough; then it ends those that are under way, and sends nothing more.
func many(w http.ResponseWriter, r *http.Request, enough *atomic.Bool) {
	at := time.Now()
	const atOnce, steps = 400, 5
	kinds := [steps]string{"asked", "asked", "answered", "answered", "ended"}
	for i := 0; r.Context().Err() == nil; i++ {
		step := i / atOnce % steps
		if step == 0 && i%atOnce == 0 && enough.Load() {
			break
		}
		told := map[string]any{"kind": kinds[step], "peer": fmt.Sprintf("12D3KooWpeer%d", step%2), "distance": 250 - step%2, "hop": 1, "round": 1, "reason": "converged"}
		event := map[string]any{"at": time.Now(), "kind": "lookup step", "lookup": i/(atOnce*steps)*atOnce + i%atOnce + 1, "purpose": "get", "step": told}
		data, err := json.Marshal(event)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(w, "event: lookup step\ndata: %s\n\n", data)
		if i%100 == 99 {
			_ = http.NewResponseController(w).Flush()
			at = at.Add(20 * time.Millisecond)
			time.Sleep(time.Until(at)) // the rate is what is sent; nothing is waited for
		}
	}
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// A lookup of which steps did not come, as the node dropped some or the stream broke, is not
// shown as one that runs.
func TestMissedSteps(t *testing.T) {
	n := start(t)
	var streams atomic.Int64
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/events" {
			return false
		}
		w.Header().Set("Content-Type", "text/event-stream")
		send := func(kind, members string) {
			fmt.Fprintf(w, "event: %s\ndata: {\"at\":%q,\"kind\":%[1]q,%[3]s}\n\n", kind, time.Now().Format(time.RFC3339Nano), members)
			_ = http.NewResponseController(w).Flush()
		}
		begin := func(purpose string, round int) {
			send("lookup step", fmt.Sprintf(`"lookup":1,"purpose":%q,"step":{"kind":"asked","peer":"12D3KooWpeer","distance":250,"hop":1,"round":%d}`, purpose, round))
		}
		if streams.Add(1) == 1 {
			begin("get", 1)
			send("peer met", `"dropped":3`)
			begin("put", 1)
			return true // the stream breaks
		}
		begin("put", 2) // goes on
		begin("find", 1)
		<-r.Context().Done()
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	row := func(purpose, end string) {
		b.until("[...document.querySelectorAll('#lookup-list tbody tr')].some((r) => r.cells[0].innerText === " + quoted(purpose) + " && r.cells[5].innerText === " + quoted(end) + ")")
	}
	row("get", "its end was not seen")
	row("put", "its end was not seen")
	row("find", "runs")
	b.says("#event-rate", "The node dropped 3")
	if rows := eval[int](b, "document.querySelectorAll('#lookup-list tbody tr').length"); rows != 3 {
		t.Errorf("%d lookups are listed, also one whose beginning was not seen", rows)
	}
	b.wellBehaved()
}

// While the page is hidden it asks the node nothing, and no stream stays open.
func TestHidden(t *testing.T) {
	n := start(t)
	var requests, answering, open atomic.Int64
	url := n.behind(t, func(_ http.ResponseWriter, r *http.Request) bool {
		requests.Add(1)
		answering.Add(1)
		context.AfterFunc(r.Context(), func() { answering.Add(-1) }) // it ends with the answer
		if r.URL.Path == "/v1/events" {
			open.Add(1)
			context.AfterFunc(r.Context(), func() { open.Add(-1) })
		}
		return false
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(contacts + " === 19")
	eval[bool](b, `!!(Object.defineProperty(document, 'hidden', { get: () => true, configurable: true }), document.dispatchEvent(new Event('visibilitychange')))`)
	poll(t, "the stream of events ends", func() bool { return open.Load() == 0 })
	poll(t, "the requests under way end", func() bool { return answering.Load() == 0 })
	before := requests.Load()
	const hidden = 3 * time.Second // more than a look at the node and another try of the stream take
	b.observe(hidden)
	if after := requests.Load(); after > before+3 { // the second half of a look that was under way
		t.Errorf("a hidden page made %d requests in %v", after-before, hidden)
	}
	eval[bool](b, `!!(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')))`)
	poll(t, "the stream of events comes back", func() bool { return open.Load() > 0 })
	b.wellBehaved()
}

// behind serves the network's API behind a handler that answers some requests itself.
func (n *network) behind(t *testing.T, answered func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	to, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answered(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL + "/"
}

// quotedID is a peer ID for a selector.
func quotedID(n *kadmium.Node) string { return `\"` + n.ID().String() + `\"` }
