package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
)

// Output without a reader delays no sender: messages that do not fit the queue are
// dropped and counted, and their senders are told. Then printing goes on.
func TestMessagePrinterDrops(t *testing.T) { synctest.Test(t, messagePrinterDrops) }

func messagePrinterDrops(t *testing.T) {
	var log bytes.Buffer
	reading, printed := make(chan struct{}), make(chan string, 2*maxWaitingLines)
	p := newMessagePrinter(func(m kadmium.Message) error {
		<-reading
		printed <- m.Protocol
		return nil
	}, slog.New(slog.NewTextHandler(&log, nil)))
	for range maxWaitingLines { // they wait for the ready line
		time.Sleep(time.Second / maxPrinted)
		if _, err := p.handle(context.Background(), kadmium.Message{Protocol: "kept"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		time.Sleep(time.Second)
		if _, err := p.handle(context.Background(), kadmium.Message{Protocol: "dropped"}); !errors.Is(err, errUnread) {
			t.Fatalf("error %v", err)
		}
	}
	p.start()
	close(reading)
	p.stop()
	close(printed)
	lines := 0
	for protocol := range printed {
		if lines++; protocol != "kept" {
			t.Errorf("printed %q", protocol)
		}
	}
	if lines != maxWaitingLines {
		t.Errorf("printed %d lines, want %d", lines, maxWaitingLines)
	}
	if strings.Count(log.String(), "messages=3") != 1 {
		t.Errorf("logged %s", &log)
	}
}

// Of a flood ten messages are printed in any second. The senders of the others are told, and
// the log says how many they were (design R8.47).
func TestMessagePrinterInAFlood(t *testing.T) { synctest.Test(t, messagePrinterInAFlood) }

func messagePrinterInAFlood(t *testing.T) {
	var log bytes.Buffer
	printed := 0
	p := newMessagePrinter(func(kadmium.Message) error {
		printed++
		return nil
	}, slog.New(slog.NewTextHandler(&log, nil)))
	p.start()
	for second := range 3 {
		for range 1000 {
			if _, err := p.handle(context.Background(), kadmium.Message{}); err != nil && !errors.Is(err, errTooMany) {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if want := maxPrinted * (second + 1); printed != want {
			t.Errorf("printed %d messages, want %d", printed, want)
		}
		time.Sleep(time.Second)
	}
	p.stop()
	if !strings.Contains(log.String(), "left_out_since_start=2970") || strings.Count(log.String(), "\n") > 3 {
		t.Errorf("logged %s", &log)
	}
}

// An output that fails is given up, with one line in the log.
func TestMessagePrinterGivesUp(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := newMessagePrinter(func(kadmium.Message) error { return io.ErrClosedPipe }, slog.New(slog.NewTextHandler(&log, nil)))
	for range 5 {
		if _, err := p.handle(context.Background(), kadmium.Message{}); err != nil {
			t.Fatal(err)
		}
	}
	p.start()
	p.stop()
	if _, err := p.handle(context.Background(), kadmium.Message{}); !errors.Is(err, errNoOutput) {
		t.Errorf("error %v", err)
	}
	if strings.Count(log.String(), "no longer printed") != 1 {
		t.Errorf("logged %s", &log)
	}
}
