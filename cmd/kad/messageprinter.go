package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"kadmium"
)

// maxPrinted bounds the messages that are printed in any second (design R8.47).
const maxPrinted = 10

// maxWaitingLines bounds the messages that wait to be printed. Others are dropped.
const maxWaitingLines = 256

// lastLinesTime is how long a node that ends waits for its last lines to be read.
const lastLinesTime = 500 * time.Millisecond

// Errors of messages that are not printed. Their senders are told that the handler failed.
var (
	errUnread   = errors.New("nobody reads the output: message dropped")
	errTooMany  = errors.New("too many messages in a second: message dropped")
	errNoOutput = errors.New("the output cannot be written: message dropped")
)

// A messageLine is printed for each message of a protocol that nobody handles.
type messageLine struct {
	Message kadmium.Message `json:"message"`
}

// A messagePrinter prints messages, one per line, without delaying their senders: a
// bounded queue precedes an output that may have no reader. Of a flood it prints few.
type messagePrinter struct {
	print func(kadmium.Message) error
	log   *slog.Logger
	lines chan kadmium.Message
	end   chan struct{} // closed to end
	done  chan struct{} // closed at the end

	mu      sync.Mutex
	broken  bool   // a write failed: no line will follow
	dropped uint64 // since the last line that was printed

	taken   [maxPrinted]time.Time // when the last ones were, as a ring
	oldest  int                   // of taken
	leftOut uint64                // since the start, as there were too many
	saying  *time.Timer           // until the log says how many; nil: it has
}

func newMessagePrinter(print func(kadmium.Message) error, log *slog.Logger) *messagePrinter {
	return &messagePrinter{
		print: print, log: log, lines: make(chan kadmium.Message, maxWaitingLines),
		end: make(chan struct{}), done: make(chan struct{}),
	}
}

// handle is the handler of protocols that have no other.
func (p *messagePrinter) handle(_ context.Context, m kadmium.Message) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken {
		return nil, errNoOutput
	}
	now := time.Now()
	if at := p.taken[p.oldest]; !at.IsZero() && now.Sub(at) < time.Second {
		if p.leftOut++; p.saying == nil {
			p.saying = time.AfterFunc(time.Second, p.sayLeftOut)
		}
		return nil, errTooMany
	}
	select {
	case p.lines <- m:
		p.taken[p.oldest], p.oldest = now, (p.oldest+1)%maxPrinted
		return nil, nil
	default:
		p.dropped++
		return nil, errUnread
	}
}

// sayLeftOut tells the log how many messages were left out since the start, once a second
// at most.
func (p *messagePrinter) sayLeftOut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.saying == nil {
		return
	}
	p.saying.Stop()
	p.saying = nil
	p.log.Warn("messages left out: more than are printed in a second", "most", maxPrinted, "left_out_since_start", p.leftOut)
}

// start begins to print the messages that wait and those that come.
func (p *messagePrinter) start() { go p.printLines() }

// printLines prints until stop, and then what still waits.
func (p *messagePrinter) printLines() {
	defer close(p.done)
	for {
		select {
		case m := <-p.lines:
			p.printed(p.print(m))
		case <-p.end:
			for len(p.lines) > 0 {
				p.printed(p.print(<-p.lines))
			}
			return
		}
	}
}

// printed records the outcome of a line.
func (p *messagePrinter) printed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && !p.broken {
		p.broken = true
		p.log.Warn("messages are no longer printed", "err", err)
	}
	if p.dropped > 0 {
		p.log.Warn("messages dropped: nobody read the output", "messages", p.dropped)
		p.dropped = 0
	}
}

// stop prints the messages that wait, if the output has a reader.
func (p *messagePrinter) stop() {
	p.sayLeftOut()
	close(p.end)
	select {
	case <-p.done:
		return
	case <-time.After(lastLinesTime):
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Warn("messages dropped: nobody read the output", "messages", p.dropped+uint64(len(p.lines)))
}

// printMessage prints a message as a line.
func (a *app) printMessage(m kadmium.Message) error {
	return a.Print(messageLine{m}, func(w io.Writer) {
		fmt.Fprintf(w, "message %q from %s: %q\n", m.Protocol, m.From, m.Payload)
	})
}
