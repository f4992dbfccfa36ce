package driver

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"kadmium/store/disk"
)

// A full disk fails every write; the log has it once.
func TestJournalErrorIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	d := &Driver{journal: new(disk.Journal), logger: slog.New(slog.NewTextHandler(&log, nil))}
	full, gone := errors.New("disk full"), errors.New("disk gone")
	for _, err := range []error{full, full, gone, gone, nil, nil, gone} {
		d.logJournal(err)
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 3 {
		t.Errorf("%d lines, want 3:\n%s", got, &log)
	}
	if got := strings.Count(log.String(), "written again"); got != 1 {
		t.Errorf("its end is logged %d times:\n%s", got, &log)
	}
}
