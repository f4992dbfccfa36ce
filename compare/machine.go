package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// compared are the modules whose versions a report names.
var compared = []string{"github.com/libp2p/go-libp2p-kad-dht", "github.com/libp2p/go-libp2p", "github.com/libp2p/go-libp2p-kbucket"}

// versions are the versions of Go and of the compared modules.
func versions() map[string]string {
	all := map[string]string{"go": strings.TrimPrefix(runtime.Version(), "go")}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return all
	}
	for _, m := range info.Deps {
		for _, name := range compared {
			if m.Path == name {
				all[name] = m.Version
			}
		}
	}
	return all
}

// machine describes the machine that the program runs on.
func machine() string {
	return fmt.Sprintf("%s, %d CPUs, %s/%s", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

// processor is the model of the processor, if Linux names it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		name, model, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown processor"
}
