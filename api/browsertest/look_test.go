package browsertest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var (
	pictures = flag.String("pictures", "", "directory for pictures of the page")
	readme   = flag.String("readme", "", "file for the picture in README.md: ../../docs/page.png")
)

func quoted(text string) string { return strconv.Quote(text) }

// as sets width and colour scheme, and has colours change at once.
func (b *browser) as(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// picture writes the page, as long as it is, to a file.
func (b *browser) picture(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// The page fits every width, in both colour schemes: nothing is wider than the window.
func TestWidths(t *testing.T) {
	n := start(t)
	n.busy()
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until("document.querySelectorAll('.contact[data-key]').length === 19")
	b.until("document.querySelectorAll('#lookup-list tbody tr').length > 5 && document.querySelector('.winning')")
	b.until("document.querySelectorAll('#chart-bytes .plot .line').length > 1")
	for _, width := range []int64{360, 768, 1280, 1920, 2560} {
		for _, scheme := range []string{"light", "dark"} {
			b.as(width, 900, scheme)
			b.until("document.querySelector('#trace svg').clientWidth <= document.querySelector('#trace').clientWidth")
			if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("at %d px the page is %d px wide", width, wide)
			}
			b.picture(fmt.Sprintf("page-%d-%s", width, scheme))
		}
	}
	b.wellBehaved()
}

// The picture in README.md is of a network in which buckets are full and lookups take more
// than a hop. It is written with -readme.
func TestPicture(t *testing.T) {
	t.Parallel()
	n := startOf(t, 4)
	n.busy()
	b := openBrowser(t)
	b.as(1280, 1120, "light")
	b.open(n.url + n.token)
	b.until("document.querySelectorAll('.contact[data-key]').length > 8 && document.querySelector('#ring .waiting[transform]')")
	b.until("document.querySelectorAll('#lookup-list tbody tr').length > 5")
	b.ask("get", "/v/weather-7", "")
	b.until("document.querySelector('#answer pre, #answer .problem') && document.querySelector('#trace .winning')")
	b.until("(document.querySelector('#chart-bytes .plot .line.first')?.getAttribute('d').match(/L/g) ?? []).length > 7")
	for i := range 40 { // one of several hops shows more
		key := fmt.Sprintf("/v/place-%d", i)
		b.ask("closest", key, "")
		b.says("#lookup-title", "Yours: list the closest nodes: "+key)
		if b.says("#lookup-title", "converged"); !strings.Contains(b.text("#lookup-title"), " 1 hop,") {
			break
		}
	}
	if *readme == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*readme, png, 0o644); err != nil {
		t.Fatal(err)
	}
	if len(png) > 300_000 {
		t.Errorf("the picture has %d bytes", len(png))
	}
}
