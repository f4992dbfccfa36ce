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
		mustWrite(b, j, op(store.RecordBucket, fmt.Sprint(i%1000), value))
	}
}

// 256 writes at a time share syncs.
func BenchmarkWriteTogether(b *testing.B) {
	j := open(b, b.TempDir())
	value := strings.Repeat("v", 200)
	room := make(chan struct{}, 256)
	for i := 0; b.Loop(); i++ {
		room <- struct{}{}
		j.Write([]store.Op{op(store.RecordBucket, fmt.Sprint(i%1000), value)}, func(error) { <-room })
	}
}

// Opening checks every entry: here 10,000.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j := open(b, dir)
	value := strings.Repeat("v", 400)
	var ops []store.Op
	for i := range 10000 {
		ops = append(ops, op(store.RecordBucket, fmt.Sprint(i), value))
	}
	mustWrite(b, j, ops...)
	j.Close()
	for b.Loop() {
		j, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		j.Close()
	}
}
