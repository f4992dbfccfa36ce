package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// print writes a command's result to stdout: as one JSON object with --json, otherwise
// as plain draws it.
func (a *app) print(result any, plain func(w io.Writer)) error {
	var b bytes.Buffer
	if a.json {
		if err := encodeJSON(&b, result); err != nil {
			return err
		}
	} else {
		plain(&b)
	}
	return a.write(b.Bytes())
}

// write puts bytes on stdout, exactly.
func (a *app) write(b []byte) error {
	if _, err := a.stdout.Write(b); err != nil {
		return notWritten(err)
	}
	return nil
}

func notWritten(err error) error {
	return notDone("check where the output goes", "writing the output: %v", err)
}

// A checkedWriter keeps the first error, for writes whose error is not checked.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// encodeJSON writes v as one line, without escapes for HTML, so that keys stay readable.
func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// joined is the JSON object with the members of a, then those of b. Neither is empty.
func joined(a, b any) ([]byte, error) {
	var first, second bytes.Buffer
	if err := encodeJSON(&first, a); err != nil {
		return nil, err
	}
	if err := encodeJSON(&second, b); err != nil {
		return nil, err
	}
	head := bytes.TrimSuffix(first.Bytes(), []byte("}\n"))
	return append(append(head, ','), second.Bytes()[1:]...), nil
}

// separated reads what joined wrote into both.
func separated(b []byte, one, other any) error {
	return errors.Join(json.Unmarshal(b, one), json.Unmarshal(b, other))
}

// report prints a failure: what happened and what to do next on stderr, and, for a
// reader of JSON, the one object on stdout.
func (a *app) report(command string, err error, asJSON bool) {
	f := asFailure(err)
	if !asJSON {
		drawTrace(a.stderr, f.Lookup)
	}
	fmt.Fprintf(a.stderr, "%s: %s\n  next: %s\n", command, f.Message, f.Next)
	if asJSON && !f.printed {
		_ = encodeJSON(a.stdout, f) // stderr has the failure
	}
}

// brief is a duration for people: three digits are enough.
func brief(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return short(d.Round(time.Second))
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// short is a duration without zeros at its end: 22h, not 22h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
