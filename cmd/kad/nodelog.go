package main

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"kadmium/driver"
	"kadmium/internal/cli"
)

// logFlags say what the log of a node has, and how it looks.
type logFlags struct {
	level, format string
	quiet         bool
}

// logLevels are the values of --log-level, logFormats those of --log-format.
var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
)

func (lf *logFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&lf.level, "log-level", "info", "debug, info, warn or error: what the log on stderr has")
	f.StringVar(&lf.format, "log-format", "text", "text or json: how the log looks")
	f.BoolVarP(&lf.quiet, "quiet", "q", false, "log errors only, and warn of nothing")
	cli.Completes(cmd, "log-level", logLevels...)
	cli.Completes(cmd, "log-format", logFormats...)
}

// check refuses what is no level or format.
func (lf *logFlags) check(a *app, cmd *cobra.Command) error {
	if _, ok := levelNamed(lf.level); !ok {
		return cli.BadInput("choose "+strings.Join(logLevels, ", "), "--log-level %q is none", lf.level)
	}
	if lf.format != "text" && lf.format != "json" {
		return cli.BadInput("choose "+strings.Join(logFormats, ", "), "--log-format %q is none", lf.format)
	}
	if lf.quiet && cli.Typed(cmd, "log-level") {
		return cli.BadInput("leave one of them out", "--quiet and --log-level say different things")
	}
	return nil
}

func levelNamed(name string) (l slog.Level, ok bool) {
	for _, of := range logLevels {
		if of == name {
			return l, l.UnmarshalText([]byte(name)) == nil
		}
	}
	return l, false
}

// open is the log, which is written to w and delays nobody. Where w is the journal of systemd
// each line begins with its priority, and has no time. lines: it is read by programs, for
// whom all that is written to w has to be a line of it.
func (lf *logFlags) open(w io.Writer, getenv func(string) string) (log *driver.Log, lines bool) {
	options := &slog.HandlerOptions{ReplaceAttr: readable}
	level, _ := levelNamed(lf.level)
	if lf.quiet {
		level = slog.LevelError
	}
	options.Level = level
	handler := func(w io.Writer) slog.Handler {
		if lf.format == "json" {
			return slog.NewJSONHandler(w, options)
		}
		return slog.NewTextHandler(w, options)
	}
	h := handler(w)
	if isJournal(w, getenv("JOURNAL_STREAM")) {
		options.ReplaceAttr = withoutTime
		lines = true
		out := &journalOutput{to: w}
		h = &journalHandler{handler(&out.line), out}
	}
	return driver.NewLog(h, time.Now), lines || lf.format == "json"
}

// readable makes times and names of what a line has text, which in JSON would be numbers
// without unit or meaning.
func readable(_ []string, a slog.Attr) slog.Attr {
	switch value := a.Value.Any().(type) {
	case slog.Level, json.Marshaler, encoding.TextMarshaler, error: // it says what it is
	case fmt.Stringer:
		a.Value = slog.StringValue(value.String())
	}
	return a
}

// withoutTime leaves out the time of a line, which the journal has.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return readable(groups, a)
}

// A journalHandler begins each line with its priority (sd-daemon(3)).
type journalHandler struct {
	slog.Handler // writes to out.line
	out          *journalOutput
}

// A journalOutput is what the handlers of one log share.
type journalOutput struct {
	mu   sync.Mutex
	line bytes.Buffer
	to   io.Writer
}

func (h *journalHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.line.Reset()
	h.out.line.WriteString(priority(r.Level))
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	_, err := h.out.to.Write(h.out.line.Bytes())
	return err
}

func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journalHandler{h.Handler.WithAttrs(attrs), h.out}
}

func (h *journalHandler) WithGroup(name string) slog.Handler {
	return &journalHandler{h.Handler.WithGroup(name), h.out}
}

// priority is a level as syslog numbers it.
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
