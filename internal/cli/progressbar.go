package cli

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A Bar shows the progress of what takes over two seconds, on a terminal only.
type Bar struct {
	w       io.Writer // nil: there is no terminal
	columns int       // of the terminal; 0: not known
	title   string
	began   time.Time

	mu    sync.Mutex
	shown *progressbar.ProgressBar // of the stage; it counts the time from the stage's beginning
	stage string
	next  time.Time // not drawn before
	drawn bool
}

// A delayedWriter drops what is written before its time, so that a bar can count from
// the start and appear later.
type delayedWriter struct {
	w     io.Writer
	until time.Time
}

func (p delayedWriter) Write(b []byte) (int, error) {
	if time.Now().Before(p.until) {
		return len(b), nil
	}
	return p.w.Write(b)
}

// barDelay is the time before a bar appears, barEvery the time between two updates of
// it.
const (
	barDelay = 2 * time.Second
	barEvery = 100 * time.Millisecond
)

// NewBar begins the progress of what the title names, on stderr.
func (a *App) NewBar(title string) *Bar {
	b := &Bar{title: title, began: time.Now()}
	if f := AsTerminal(a.Stderr); f != nil {
		b.w, b.columns = f, Width(f)
	}
	return b
}

// narrow is the width of a terminal, in columns, under which a bar shows only its part, since
// counts, rates and times would fill the line; besideBar is what stands beside it then.
const (
	narrow    = 80
	besideBar = len(" 100% ||  ")
)

// options are how the bar of a stage is drawn.
func (b *Bar) options(stage string) []progressbar.Option {
	all := []progressbar.Option{
		progressbar.OptionSetWriter(delayedWriter{b.w, b.began.Add(barDelay)}),
		progressbar.OptionSetDescription(b.title),
		progressbar.OptionClearOnFinish(),
	}
	if b.columns > 0 && b.columns < narrow {
		room := b.columns - 1 - len(b.title) - besideBar // the last column would begin a new line
		return append(all, progressbar.OptionSetWidth(max(1, room)), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false))
	}
	return append(all, progressbar.OptionFullWidth(), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(true),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(stage))
}

// Update records progress. It may be called by several goroutines at once.
func (b *Bar) Update(stage string, done, total int) {
	if b.w == nil || !b.mu.TryLock() {
		return // another is drawing
	}
	defer b.mu.Unlock()
	if b.shown == nil || b.stage != stage {
		b.stage = stage
		b.shown = progressbar.NewOptions(total, b.options(stage)...)
		b.shown.StartWithoutRender() // rates count from here
	}
	now := time.Now()
	if now.Before(b.next) {
		return
	}
	b.next, b.drawn = now.Add(barEvery), true
	b.shown.ChangeMax(total)
	_ = b.shown.Set(min(done, total)) // the command goes on without a terminal
}

// End removes the bar.
func (b *Bar) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		_ = b.shown.Clear()
	}
	b.w = nil
}
