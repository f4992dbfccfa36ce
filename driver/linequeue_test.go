package driver

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A gate is a handler that passes nothing on until it is opened.
type gate struct {
	slog.Handler
	open chan struct{}
}

func (g gate) Handle(ctx context.Context, r slog.Record) error {
	<-g.open
	return g.Handler.Handle(ctx, r)
}

// Who logs where nobody reads does not wait. Lines that find room come in order; of the others
// the log has how many they were, at the place where they are missing.
func TestLinesThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, plain, _, now := limited()
		g := gate{plain.Handler().(*logHandler).Handler, make(chan struct{})}
		l := NewLog(g, func() time.Time { return *now })
		log := l.Logger()
		log.Debug("first")
		synctest.Wait() // it is being written
		for i := range maxLines {
			log.Debug("detail", "i", i)
		}
		for i := range maxLines { // of that many reasons
			if *now = now.Add(2 * lineEvery); i == maxLines/2 {
				if n, err := l.Writer(text).Write([]byte("it ends\n")); n != 8 || err != nil {
					t.Error(n, err)
				}
			}
			log.Warn(fmt.Sprint("reason ", i))
		}
		before := time.Now()
		l.Wait(time.Second)
		if time.Since(before) != time.Second {
			t.Error("Wait did not wait as long as it may")
		}
		close(g.open)
		l.Wait(time.Second)
		log.Error("the next")
		l.Wait(time.Second)
		var want strings.Builder
		want.WriteString("level=DEBUG msg=first\n")
		for i := range maxLines / 2 {
			fmt.Fprintf(&want, "level=DEBUG msg=detail i=%d\n", i)
		}
		const lost = "level=%s msg=\"lines of the log were lost: nobody has read it\" lines=%d\n"
		fmt.Fprintf(&want, lost, "WARN", maxLines/2)
		for i := range maxLines/2 - 1 {
			fmt.Fprintf(&want, "level=WARN msg=\"reason %d\"\n", i)
		}
		fmt.Fprintf(&want, lost, "ERROR", maxLines/2+2)
		want.WriteString("level=ERROR msg=\"the next\"\n")
		if text.String() != want.String() {
			t.Errorf("have\n%s", text)
		}
	})
}
