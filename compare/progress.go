package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows how far a run is: a bar on a terminal, elsewhere a line when
// something new begins.
type progress struct {
	w        io.Writer
	terminal bool
	doing    string
	bar      *progressbar.ProgressBar // of what is done
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// tell takes note of progress.
func (p *progress) tell(title, stage string, done, total int) {
	doing := title + ": " + stage
	begun := doing != p.doing
	p.doing = doing
	if !p.terminal {
		if begun {
			fmt.Fprintln(p.w, doing)
		}
		return
	}
	if begun {
		p.end()
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(doing), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set(min(done, total)) // a terminal that is gone is no reason to stop
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
