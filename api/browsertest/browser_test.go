package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A browser is one tab of a browser. What a page of it does wrong is in its complaints:
// errors of scripts, and what the security policy refused.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	dialogs    []string
}

// openBrowser opens a browser without a page. The test is skipped where there is none.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium()
	if path == "" {
		t.Skip("no chromium here: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(1280, 900))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, log.Enable, cdp.Empty{})
	return b
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.complaints = append(b.complaints, e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		b.dialogs = append(b.dialogs, e.Message)
	}
}

// wellBehaved fails the test if a script failed, the policy refused something, or
// something that came from the network ran.
func (b *browser) wellBehaved() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints)+len(b.dialogs) > 0 {
		b.t.Errorf("the browser complains: %q, dialogs: %q", b.complaints, b.dialogs)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// call sends a command of the browser's protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
}

// eval is the value of an expression in the page.
func eval[V any](b *browser, expression string) V {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[V](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits until an expression in the page is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	b.untilWithin(patience, expression)
}

func (b *browser) untilWithin(most time.Duration, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(most); ; {
		if eval[bool](b, "!!("+expression+")") {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("not within %v: %s\nthe page says:\n%s", most, expression, b.text("body"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// text is what a part of the page says.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.TrimSpace(eval[string](b, "document.querySelector('"+selector+"')?.innerText ?? ''"))
}

// says waits until a part of the page has a text.
func (b *browser) says(selector, want string) {
	b.t.Helper()
	b.until("document.querySelector('" + selector + "')?.innerText.includes(" + quoted(want) + ")")
}

// observe is a measurement: it lets an interval pass in which what should not happen is
// counted. It waits for nothing; what is waited for is polled, with a deadline.
func (b *browser) observe(interval time.Duration) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf("new Promise((done) => setTimeout(() => done(true), %d))", interval.Milliseconds()), chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatal(err)
	}
}

// poll waits until something outside the page is true.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
