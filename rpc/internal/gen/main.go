// Command gen makes kad.pb.go from kad.proto: protocompile reads the file in
// place of protoc, and the protoc-gen-go that go.mod pins writes the code.
//
// Usage: gen DIR, where DIR holds kad.proto.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// registered is the name that the generated code registers its file under, one
// name space for everything linked into a program.
const registered = "kadmium/rpc/pb/kad.proto"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen DIR")
	}
	dir := os.Args[1]
	code, err := generate(context.Background(), filepath.Join(dir, "kad.proto"))
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kad.pb.go"), code, 0o644); err != nil {
		log.Fatalf("gen: %v", err)
	}
}

// generate is the Go code for the messages in the proto file at path.
func generate(ctx context.Context, path string) ([]byte, error) {
	compiler := protocompile.Compiler{
		Resolver: &protocompile.SourceResolver{
			Accessor: func(name string) (io.ReadCloser, error) {
				if name != registered {
					return nil, fs.ErrNotExist // kad.proto imports nothing
				}
				return os.Open(path)
			},
		},
		SourceInfoMode: protocompile.SourceInfoStandard, // carries the comments
	}
	files, err := compiler.Compile(ctx, registered)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", path, err)
	}
	in, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{registered},
		ProtoFile:      []*descriptorpb.FileDescriptorProto{protoutil.ProtoFromFileDescriptor(files[0])},
	})
	if err != nil {
		return nil, fmt.Errorf("asking protoc-gen-go: %w", err)
	}
	plugin := exec.CommandContext(ctx, "go", "tool", "protoc-gen-go")
	plugin.Stdin = bytes.NewReader(in)
	plugin.Stderr = os.Stderr
	out, err := plugin.Output()
	if err != nil {
		return nil, fmt.Errorf("running protoc-gen-go: %w", err)
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return nil, fmt.Errorf("reading protoc-gen-go's answer: %w", err)
	}
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	if len(response.File) != 1 {
		return nil, fmt.Errorf("protoc-gen-go made %d files, want 1", len(response.File))
	}
	return []byte(response.File[0].GetContent()), nil
}
