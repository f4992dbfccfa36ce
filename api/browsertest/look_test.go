package browsertest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "directory for pictures of the page")

func quoted(text string) string { return strconv.Quote(text) }

// as sets width and colour scheme.
func (b *browser) as(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
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
	b.open(n.url)
	b.until("document.querySelectorAll('.contact[data-key]').length === 19")
	b.until("document.querySelectorAll('#lookup-list tbody tr').length > 5 && document.querySelector('.winning')")
	b.until("document.querySelectorAll('#chart-bytes .line').length > 2")
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
