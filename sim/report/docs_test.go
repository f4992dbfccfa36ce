package report

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// docs/report.md names every field of a report and of a comparison, and in tables
// nothing that neither has.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]bool)
	tags(reflect.TypeFor[Report](), fields)
	tags(reflect.TypeFor[Comparison](), fields)
	tags(reflect.TypeFor[RunsComparison](), fields)
	if len(fields) < 80 {
		t.Fatalf("only %d fields found: %v", len(fields), fields)
	}
	for field := range fields {
		if !strings.Contains(string(text), "`"+field+"`") {
			t.Errorf("docs/report.md says nothing of %s", field)
		}
	}
	for line := range strings.Lines(string(text)) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if !strings.HasPrefix(line, "| `") || strings.Contains(first, "(") {
			continue // a row of what is measured, not of fields
		}
		for field := range strings.FieldsSeq(first) {
			if !fields[strings.Trim(field, "`")] {
				t.Errorf("docs/report.md describes %s, which does not exist", field)
			}
		}
	}
}

// tags collects the names in JSON of a type's fields and of those of its parts.
func tags(of reflect.Type, into map[string]bool) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		tags(of.Elem(), into)
	case reflect.Struct:
		for field := range of.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" {
				name = field.Name // as encoding/json would call it: a tag was forgotten
			}
			into[name] = true
			tags(field.Type, into)
		}
	}
}
