package rpc

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		kind                             Type
		name                             string
		valid, read, query, open, openTo bool
	}{
		{0, "?", false, false, false, false, false},
		{Ping, "PING", true, true, false, true, true},
		{FindNode, "FIND_NODE", true, true, true, false, true},
		{FindValue, "FIND_VALUE", true, true, true, false, true},
		{Store, "STORE", true, false, false, false, false},
		{AddProvider, "ADD_PROVIDER", true, false, false, false, false},
		{GetProviders, "GET_PROVIDERS", true, true, true, false, true},
		{AppMessage, "MESSAGE", true, false, false, false, false},
		{TypeLimit, "?", false, false, false, false, false},
		{255, "?", false, false, false, false, false},
	} {
		if c.kind.String() != c.name || c.kind.Valid() != c.valid || c.kind.IsRead() != c.read || c.kind.IsQuery() != c.query {
			t.Errorf("type %d: %v, valid %v, read %v, query %v", c.kind, c.kind, c.kind.Valid(), c.kind.IsRead(), c.kind.IsQuery())
		}
		if c.kind.MayOpen(false) != c.open || c.kind.MayOpen(true) != c.openTo {
			t.Errorf("%v as a first contact: %v, to a known receiver %v", c.kind, c.kind.MayOpen(false), c.kind.MayOpen(true))
		}
	}
}

// docs/wire.md numbers the RPCs and says which are reads (section 1), and which
// messages they have (section 7); pb/kad.proto says the latter too.
func TestDocumentsHaveTheTypes(t *testing.T) {
	wire, proto := read(t, "../docs/wire.md"), read(t, "pb/kad.proto")
	numbers, reads := typeLine(t, wire)
	var c Codec
	for kind := Type(1); kind.Valid(); kind++ {
		if types[kind].name == "" || types[kind].request == nil || types[kind].response == nil {
			t.Fatalf("type %d has no row, or not all of it", kind)
		}
		if got := numbers[kind.String()]; got != int(kind) {
			t.Errorf("wire.md, section 1: %v is %d, want %d", kind, got, kind)
		}
		if reads[int(kind)] != kind.IsRead() {
			t.Errorf("wire.md, section 1: %v a read: %v", kind, reads[int(kind)])
		}
		want := [2]string{messageName(c.body(kind, false)), messageName(c.body(kind, true))}
		if got := bodiesIn(wire, `(?m)^\| ([A-Z_, ]+) \| (\w+) \| (\w+) \|$`)[kind.String()]; got != want {
			t.Errorf("wire.md, section 7: %v has %q, want %q", kind, got, want)
		}
		if got := bodiesIn(proto, `(?m)^//   ([A-Z_]+) +(\w+) +(\w+)$`)[kind.String()]; got != want {
			t.Errorf("kad.proto: %v has %q, want %q", kind, got, want)
		}
	}
	if len(numbers) != int(TypeLimit)-1 {
		t.Errorf("wire.md, section 1, has %d RPCs, want %d", len(numbers), TypeLimit-1)
	}
}

// typeLine reads "**Type**, 1 byte: 1 PING, 2 FIND_NODE ... Types 1, 2, 3 and 6 are *reads*; the others are *writes*."
func typeLine(t *testing.T, wire string) (numbers map[string]int, reads map[int]bool) {
	t.Helper()
	line := regexp.MustCompile(`\*\*Type\*\*, 1 byte: (.*?)\.\s+Types ([0-9, and]+) are \*reads\*; the others are \*writes\*`).FindStringSubmatch(wire)
	if line == nil {
		t.Fatal("wire.md, section 1, does not list the types")
	}
	numbers, reads = make(map[string]int), make(map[int]bool)
	for _, m := range regexp.MustCompile(`(\d+) ([A-Z_]+)`).FindAllStringSubmatch(line[1], -1) {
		numbers[m[2]], _ = strconv.Atoi(m[1])
	}
	for _, m := range regexp.MustCompile(`\d+`).FindAllString(line[2], -1) {
		n, _ := strconv.Atoi(m)
		reads[n] = true
	}
	return numbers, reads
}

// bodiesIn reads a table's rows: RPCs, request, response.
func bodiesIn(text, row string) map[string][2]string {
	bodies := make(map[string][2]string)
	for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			bodies[name] = [2]string{m[2], m[3]}
		}
	}
	return bodies
}

func messageName(b body) string { return reflect.TypeOf(b).Elem().Name() }

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
