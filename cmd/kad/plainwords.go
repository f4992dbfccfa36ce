package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/pflag"

	"kadmium/store"
)

// plainWords is an error's text on one line, without Go's terms.
func plainWords(err error) string {
	return strings.NewReplacer(
		"\n", "; ", // joined errors
		"context canceled", "interrupted",
		"context deadline exceeded", "timed out",
	).Replace(err.Error())
}

// badFlag says what was wrong with a flag.
func badFlag(err error) string {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err.Error()
	}
	return fmt.Sprintf("--%s %q: %s", bad.GetFlag().Name, bad.GetValue(), wanted(bad.GetFlag(), bad.Unwrap()))
}

// wanted says what a flag's value looks like; err is why another was refused.
func wanted(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "bool":
		return "want true or false"
	case "int":
		return "want a whole number"
	case "uint64":
		return fmt.Sprintf("want a whole number from 0 to %d", uint64(store.MaxSequence))
	case "float64":
		return "want a number like 0.25"
	case "stringSlice":
		return "want values separated by commas; one with a comma or a quotation mark stands in quotation marks"
	case "duration":
		return "want a time like 90s or 2h30m"
	}
	return err.Error()
}

// badJSON says what was wrong with JSON that came over the control socket.
func badJSON(err error) string {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	what := "it"
	if kind.Field != "" {
		what = kind.Field
	}
	return fmt.Sprintf("%s is %s, want %s", what, kind.Value, wantedJSON(kind.Type))
}

// wantedJSON names the JSON that a Go type is read from.
func wantedJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number in range"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64 text"
		}
		return "a list"
	}
	return "text"
}
