package browsertest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
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
	reached := map[string]bool{}
	for range n.nodes[1:] { // round the ring
		reached[eval[string](b, "document.activeElement.dataset.key")] = true
		press(kb.ArrowRight)
	}
	if len(reached) != 19 || !reached[eval[string](b, "document.activeElement.dataset.key")] {
		t.Errorf("the arrow keys reach %d contacts of 19", len(reached))
	}
	if name := eval[string](b, "document.querySelector('#ring svg').getAttribute('aria-label')"); !strings.HasPrefix(name, "Routing table: 19 contacts in ") {
		t.Errorf("in words the ring is %q", name)
	}
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

	b.named()
	b.wellBehaved()
}

// named checks that a screen reader has a name for whatever can have the focus, and for each
// drawing, table and field.
func (b *browser) named() {
	b.t.Helper()
	roles := []string{"image", "img", "table", "textbox", "combobox", "checkbox", "button", "link", "DisclosureTriangle", "listbox"}
	for _, node := range call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		text := func(v *accessibility.Value) string {
			if v == nil {
				return ""
			}
			return strings.Trim(string(v.Value), `"`)
		}
		focusable := slices.ContainsFunc(node.Properties, func(p *accessibility.Property) bool {
			return p.Name == accessibility.PropertyNameFocusable && text(p.Value) == "true"
		})
		role := text(node.Role)
		if node.Ignored || role == "RootWebArea" || role == "main" || !focusable && !slices.Contains(roles, role) {
			continue
		}
		if strings.TrimSpace(text(node.Name)) == "" {
			b.t.Errorf("without a name: %s, %s", role, b.markupOf(node))
		}
	}
}

// markupOf is the element of a node of the accessibility tree.
func (b *browser) markupOf(node *accessibility.Node) string {
	return call(b, dom.GetOuterHTML, dom.GetOuterHTMLParams{BackendNodeID: node.BackendDOMNodeID}).OuterHTML[:90]
}

// stops are all that should have the focus once, in the order of the page. The contacts of
// the ring share a stop, and the arrow keys go from one to the next.
const stops = `window.stops = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')]
	.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }))`

// focused is the number of the stop that has the focus, and whether that can be seen.
const focused = `(() => {
	const e = document.activeElement;
	const shown = e.type === 'file' ? e.closest('label') : e;
	const style = getComputedStyle(shown);
	const ring = e.matches('.contact') ? parseFloat(getComputedStyle(e.firstChild).strokeWidth) >= 3 : style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
	const box = shown.getBoundingClientRect();
	return { at: window.stops.indexOf(e), seen: ring && box.bottom > 0 && box.top < innerHeight && box.right > 0, markup: e.outerHTML.slice(0, 90) };
})()`

// tabs goes through the page by the Tab key: it stops once at each control, in the order in
// which they stand, and shows where it is.
func (b *browser) tabs() {
	b.t.Helper()
	count := eval[int](b, "("+stops+", window.stops[1].focus(), window.stops.length)")
	b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	if count < 12 {
		b.t.Errorf("only %d controls", count)
	}
	for i := range count {
		at := eval[struct {
			At     int
			Seen   bool
			Markup string
		}](b, focused)
		if at.At != i {
			b.t.Fatalf("after %d tabs the focus is at control %d of %d: %s; it should be at %s", i, at.At, count, at.Markup,
				eval[string](b, fmt.Sprintf("window.stops[%d].outerHTML.slice(0, 90)", i)))
		}
		if !at.Seen {
			b.t.Errorf("the focus cannot be seen at %s", at.Markup)
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	if left := eval[bool](b, "window.stops.includes(document.activeElement) && document.activeElement !== window.stops[0]"); left {
		b.t.Errorf("after the last control the focus is at %s", eval[string](b, "document.activeElement.outerHTML.slice(0, 90)"))
	}
}

// The Tab key reaches every control of the page, in order, and each has a name: of the live
// page with its lists closed and open, and of a report.
func TestTabOrder(t *testing.T) {
	n := start(t)
	n.put(0, "/v/key", "value")
	n.put(4, "/v/other", "value")
	url, _ := n.several(t, 3)
	b := openBrowser(t)
	b.open(url + n.token)
	b.until(contacts + " === 19 && document.querySelectorAll('#node option').length === 3")
	b.ask("get", "/v/other", "")
	b.until("document.querySelector('#answer pre') && document.querySelector('#lookup-list button') && !document.querySelector('#ask button').disabled")
	b.says("#held", "/v/other")
	b.until("document.querySelectorAll('#chart-bytes .plot .line').length === 2")
	b.tabs()
	b.named()
	eval[bool](b, opened)
	eval[bool](b, "document.querySelector('.contact[data-key]').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
	b.until("document.querySelector('#peer-list tbody tr') && document.querySelector('#table-list tbody tr') && document.querySelector('#contact .copy')")
	b.tabs()
	b.named()
	file, err := filepath.Abs(recorded)
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles("#file", []string{file}))
	b.drawn()
	b.tabs()
	b.named()
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
