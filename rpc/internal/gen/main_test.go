package main

import (
	"bytes"
	"os"
	"testing"
)

// The committed code is what the committed proto file and the pinned tools make.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	got, err := generate(t.Context(), "../../pb/kad.proto")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../pb/kad.pb.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("rpc/pb/kad.pb.go is not what kad.proto gives: run go generate ./rpc and commit")
	}
}
