package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The keyboard reaches what the pointer does: contacts, requests, points of a chart. Every
// drawing and field has a name for a screen reader.
func TestKeyboard(t *testing.T) {
	n := start(t)
	n.put(0, "/v/key", "value")
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	b.ask("closest", "/v/key", "")
	b.until("document.querySelector('#trace .winning')")

	focus := func(selector string) { eval[bool](b, "(document.querySelector("+quoted(selector)+").focus(), true)") }
	press := func(keys string) { b.do(chromedp.KeyEvent(keys)) }
	focus(".contact[tabindex=\"0\"]")
	first := b.text("#contact p")
	press(kb.ArrowRight)
	b.until("document.querySelector('#contact p').innerText !== " + quoted(first))
	press(kb.Enter)
	b.until("document.activeElement.matches('.contact') && document.querySelector('#contact .actions').checkVisibility()")
	press(kb.Escape)
	b.until("!document.querySelector('#contact .actions').checkVisibility()")
	focus("#trace svg")
	press(kb.ArrowRight)
	b.says("#request", "distance")
	b.until("document.querySelectorAll('#chart-bytes .plot .line').length === 2")
	focus("#chart-bytes .chart")
	press(kb.ArrowLeft)
	b.until("Number(document.querySelector('#chart-bytes .cursor').getAttribute('x1')) > 0")

	unnamed := eval[[]string](b, `[...document.querySelectorAll('svg:not([aria-hidden]), input:not([hidden]), select, button, table')]
		.filter((e) => e.checkVisibility() && !e.getAttribute('aria-label') && !e.labels?.length && !e.textContent.trim() && !e.caption?.textContent)
		.map((e) => e.outerHTML.slice(0, 90))`)
	if len(unnamed) > 0 {
		t.Errorf("without a name: %q", unnamed)
	}
	b.wellBehaved()
}

// Nothing moves when figures change: the sections stay where they are while the page is
// updated.
func TestNothingMoves(t *testing.T) {
	n := start(t)
	n.busy()
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19 && document.querySelectorAll('#lookup-list tbody tr').length > 3")
	where := "JSON.stringify(['#table', '#lookups', '#traffic', '#lookup-list'].map((s) => Math.round(document.querySelector(s).getBoundingClientRect().top)))"
	before := eval[string](b, where)
	b.ask("get", "/v/weather-0", "")
	b.says("#lookup-title", "Yours")
	b.until("document.querySelector('#chart-bytes .plot .line.first').getAttribute('d').match(/L/g)?.length > 2")
	if after := eval[string](b, where); after != before {
		t.Errorf("sections moved from %s to %s", before, after)
	}
	b.wellBehaved()
}
