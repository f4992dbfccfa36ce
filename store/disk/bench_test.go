package disk

import (
	"fmt"
	"strings"
	"testing"

	"kadmium/store"
)

// One write at a time: each waits for its own sync.
func BenchmarkWriteAlone(b *testing.B) {
	j := open(b, b.TempDir())
	value := strings.Repeat("v", 200)
	for i := 0; b.Loop(); i++ {
		mustWrite(b, j, set(store.RecordEntry, fmt.Sprint(i%1000), value))
	}
}

// 256 writes at a time share syncs.
func BenchmarkWriteTogether(b *testing.B) {
	j := open(b, b.TempDir())
	value := strings.Repeat("v", 200)
	room := make(chan struct{}, 256)
	for i := 0; b.Loop(); i++ {
		room <- struct{}{}
		j.Write([]store.Change{set(store.RecordEntry, fmt.Sprint(i%1000), value)}, func(error) { <-room })
	}
}

// Opening checks every entry: here 10,000.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j := open(b, dir)
	value := strings.Repeat("v", 400)
	var changes []store.Change
	for i := range 10000 {
		changes = append(changes, set(store.RecordEntry, fmt.Sprint(i), value))
	}
	mustWrite(b, j, changes...)
	j.Close()
	for b.Loop() {
		j, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		j.Close()
	}
}
