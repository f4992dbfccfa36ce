package rpc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/encoding/protowire"

	"kadmium/identity"
	"kadmium/rpc/pb"
)

// testdata/bodies.txt has the bytes of one body of each kind. Other implementations can
// be compared with it, and a change of the wire format changes it.
func TestBodies(t *testing.T) {
	var book identity.Contacts
	bodies := make(map[string][]byte)
	for _, s := range samples(&book, 2) {
		bodies[s.name] = encoded(t, &s.message, &book)
	}
	datadriven.RunTest(t, "testdata/bodies.txt", func(t *testing.T, d *datadriven.TestData) string {
		name := strings.TrimSpace(d.Input)
		body, ok := bodies[name]
		if d.Cmd != "body" || !ok {
			d.Fatalf(t, "unknown: %s %s", d.Cmd, name)
		}
		delete(bodies, name)
		return drawFields(body)
	})
	for name := range bodies {
		t.Errorf("testdata/bodies.txt has no %s", name)
	}
}

// drawFields draws a body one field a line: tag (and length), then the content.
func drawFields(body []byte) string {
	if len(body) == 0 {
		return "(empty)"
	}
	var s strings.Builder
	for len(body) > 0 {
		_, kind, tag := protowire.ConsumeTag(body)
		whole := tag + protowire.ConsumeFieldValue(1, kind, body[tag:])
		if kind == protowire.BytesType {
			_, length := protowire.ConsumeVarint(body[tag:])
			tag += length
		}
		fmt.Fprintf(&s, "%-6x", body[:tag])
		for content := body[tag:whole]; ; content = content[32:] {
			fmt.Fprintf(&s, " %x\n", content[:min(32, len(content))])
			if len(content) <= 32 {
				break
			}
			s.WriteString("      ")
		}
		body = body[whole:]
	}
	return s.String()
}

// The statuses of Go and of the wire are the same numbers.
func TestStatusesOfTheWire(t *testing.T) {
	for number, name := range pb.Status_name {
		want := "STATUS_" + strings.ToUpper(strings.ReplaceAll(Status(number).String(), " ", "_"))
		if name != want {
			t.Errorf("status %d is %s on the wire, %v here", number, name, Status(number))
		}
	}
	if len(pb.Status_name) != len(statusNames) {
		t.Errorf("%d statuses on the wire, %d here", len(pb.Status_name), len(statusNames))
	}
}
