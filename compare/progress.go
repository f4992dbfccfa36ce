package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows how far a run is: on a terminal with a bar for one of the tasks in
// progress, otherwise with a line when a stage of a task begins. It is safe for concurrent
// use.
type progress struct {
	w        io.Writer
	terminal bool

	mu     sync.Mutex
	stages map[string]string // of the tasks in progress, by title
	front  string            // the title of the task that the bar shows
	bar    *progressbar.ProgressBar
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd())), stages: make(map[string]string)}
}

// tell shows progress.
func (p *progress) tell(title, stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	begun := p.stages[title] != stage
	p.stages[title] = stage
	if !p.terminal {
		if begun {
			fmt.Fprintf(p.w, "%s: %s\n", title, stage)
		}
		return
	}
	if p.front == "" {
		p.front = title
	}
	if p.front != title {
		return
	}
	if begun || p.bar == nil {
		p.clear()
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(title+": "+stage), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set(min(done, total)) // a closed terminal is no reason to stop
}

// ended removes the bar of a task that has ended.
func (p *progress) ended(title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.front == title {
		p.front = ""
		p.clear()
	}
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
