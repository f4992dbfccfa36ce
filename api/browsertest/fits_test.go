package browsertest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// cutOff are the texts of drawings of which a part is outside of the drawing.
const cutOff = `[...document.querySelectorAll('svg text')].filter((e) => e.checkVisibility({ visibilityProperty: true })).filter((e) => {
	const [text, all] = [e.getBoundingClientRect(), e.ownerSVGElement.getBoundingClientRect()];
	return text.width > 0 && (text.left < all.left - 1 || text.right > all.right + 1 || text.top < all.top - 1 || text.bottom > all.bottom + 1);
}).map((e) => e.textContent + ' in ' + (e.closest('[id]')?.id ?? '')).join('; ')`

// tooWide are the lists with a column that is outside of their part of the page.
const tooWide = `['#published', '#held', '#task-list', '#event-list'].filter((s) => {
	const e = document.querySelector(s);
	return e.scrollWidth > e.clientWidth;
}).join()`

// At 1,280 px all columns of the lists can be seen, with keys of any length, and no text of a
// drawing is cut. Provider entries say whose they are.
func TestNothingIsHidden(t *testing.T) {
	n := start(t)
	long := "/v/" + strings.Repeat("a-very-long-name/", 20)
	n.put(0, long, "one")
	n.put(4, long+"other", "two")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, i := range []int{0, 2, 5} {
		if _, err := n.nodes[i].Provide(ctx, "a file"); err != nil {
			t.Fatal(err)
		}
	}
	b := openBrowser(t)
	b.as(1280, 900, "light")
	b.open(n.url + n.token)
	b.until("document.querySelectorAll('#published tbody tr').length === 2 && document.querySelectorAll('#task-list tbody tr').length > 3")
	for _, i := range []int{2, 5} {
		b.says("#held", n.nodes[i].ID().Short())
	}
	b.ask("closest", "/v/x", "")
	b.until("document.querySelector('#trace .winning') && document.querySelectorAll('#chart-bytes .plot .line').length > 1")
	if lists := eval[string](b, tooWide); lists != "" {
		t.Errorf("at 1,280 px columns are hidden in %s", lists)
	}
	b.picture("fits")
	for _, width := range []int64{360, 1280, 2560} {
		b.as(width, 900, "light")
		b.until("document.querySelector('#trace svg').clientWidth <= document.querySelector('#trace').clientWidth")
		if texts := eval[string](b, cutOff); texts != "" {
			t.Errorf("at %d px text of drawings is cut: %s", width, texts)
		}
	}
	b.wellBehaved()
}

// No text of a report's drawings is cut.
func TestReportIsNotCut(t *testing.T) {
	t.Parallel()
	b := viewReport(t)
	for _, width := range []int64{360, 1024, 1280, 1920} {
		b.as(width, 900, "light")
		b.until("document.querySelector('#report .trace svg').clientWidth <= document.querySelector('#report .trace').clientWidth")
		if texts := eval[string](b, cutOff); texts != "" {
			t.Errorf("at %d px text of drawings is cut: %s", width, texts)
		}
	}
}

// alike are pairs of marks of a list that only their hue tells apart: neither a pattern, nor a
// dash, nor a difference in brightness of 1.5 to 1 does.
const alike = `(list) => {
	const brightness = (text) => {
		const [r, g, b] = (/\d[^)]*/.exec(text)?.[0] ?? '0,0,0').split(',').map((v) => Number(v) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
	};
	const marks = [...document.querySelectorAll(list)].map((e) => {
		const s = getComputedStyle(e);
		const colour = s.fill === 'none' ? s.stroke : s.fill;
		return { name: e.getAttribute('class'), form: [s.fill === 'none', colour.startsWith('url') ? colour : '', s.strokeDasharray, e.tagName, s.strokeWidth].join(), light: brightness(colour) };
	});
	return marks.flatMap((a, i) => marks.slice(i + 1).filter((b) => a.form === b.form && Math.max(a.light, b.light) / Math.min(a.light, b.light) < 1.5).map((b) => a.name + ' and ' + b.name)).join('; ');
}`

// Marks that stand beside each other differ in more than their hue.
func TestMarksWithoutColour(t *testing.T) {
	n := start(t)
	url := n.behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/table" && r.URL.Path != "/v1/stats" {
			return false
		}
		n.everyMark(w, r)
		return true
	})
	b := openBrowser(t)
	b.open(url + n.token)
	b.until("document.querySelector('#chart-drops .readings .fifth')")
	b.ask("closest", "/v/x", "")
	b.until("document.querySelector('#trace .winning')")
	for _, scheme := range []string{"light", "dark"} {
		b.as(1280, 900, scheme)
		for _, list := range []string{"#trace-legend .request", "#chart-drops .readings path", "#chart-bytes .readings path"} {
			if pairs := eval[string](b, "("+alike+")("+quoted(list)+")"); pairs != "" {
				t.Errorf("%s, %s: only their hue tells apart %s", scheme, list, pairs)
			}
		}
		b.picture("marks-" + scheme)
	}
	// A pattern that a style sheet names is the page's, and not a blank.
	b.do(chromedp.ScrollIntoView("#trace-legend"))
	if missing := eval[string](b, "[...document.querySelectorAll('#trace-legend .request')].map((e) => /#([a-z-]+)/.exec(getComputedStyle(e).fill)?.[1]).filter((id) => id && !document.getElementById(id)).join()"); missing != "" {
		t.Errorf("there is no pattern %s", missing)
	}
	b.wellBehaved()
}
