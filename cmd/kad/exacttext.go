package main

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// exactText refuses JSON with text that would not be read as it was written: package json
// puts U+FFFD in the place of bytes that are not UTF-8, and of lone surrogates.
func exactText(line []byte) error {
	next := "write keys that are not UTF-8 in base64, as key_base64"
	if !utf8.Valid(line) {
		return badInput(next, "control request: not UTF-8")
	}
	for rest := line; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			break
		}
		escape := rest[i:]
		first := escapedRune(escape)
		if !utf16.IsSurrogate(first) {
			rest = escape[min(2, len(escape)):]
			continue
		}
		second := escapedRune(escape[min(6, len(escape)):])
		if utf16.DecodeRune(first, second) == unicode.ReplacementChar {
			return badInput(next, "control request: %.6s is half a character", escape)
		}
		rest = escape[12:]
	}
	return nil
}

// escapedRune is the number in the \uXXXX that b begins with, 0 if it does not.
func escapedRune(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}
