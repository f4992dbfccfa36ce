package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kadmium"
)

// Gets of a value that the node holds, over the unix socket, beside a bare handler of
// net/http on such a socket.
func BenchmarkGet(b *testing.B) {
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	value := []byte("a value of a usual length, which is some tens of bytes")
	if _, err := n.Put(b.Context(), "/v/x", value, kadmium.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	listen := func(name string) *Socket {
		l, err := ListenUnix(filepath.Join(b.TempDir(), name))
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	b.Run("bare", func(b *testing.B) {
		l := listen("s")
		defer l.Close()
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(value) }))
		getAll(b, l.Addr().String(), len(value))
	})
	b.Run("value", func(b *testing.B) {
		l := listen("s")
		stop := NewServer(nil, n).ServeUnix(l)
		defer stop()
		getAll(b, l.Addr().String(), len(value))
	})
}

// getAll gets b.N times, over connections that are kept.
func getAll(b *testing.B, path string, want int) {
	transport := &http.Transport{
		DialContext:         func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
		MaxIdleConnsPerHost: 64,
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport}
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			response, err := client.Get("http://kad/v1/values/%2Fv%2Fx?quorum=1")
			if err != nil {
				b.Error(err)
				return
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || response.StatusCode != http.StatusOK || len(body) != want {
				b.Errorf("%s, %q, %v", response.Status, body, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "gets/s")
}

// A scrape of the metrics of a node whose store is full, and of a process with a thousand
// nodes: one that knows 19 others, a thousand times.
func BenchmarkScrape(b *testing.B) {
	nodes, _ := inMemory(b, 20)
	full, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server})
	if err != nil {
		b.Fatal(err)
	}
	defer full.Close()
	value := make([]byte, 900)
	for i := 0; ; i++ {
		_, err := full.Put(b.Context(), fmt.Sprint("/v/", i), value, kadmium.PutOptions{Ephemeral: true})
		if errors.Is(err, kadmium.ErrRefused) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for name, of := range map[string][]*kadmium.Node{
		"full": {full}, "20": nodes[:1], "1000": slices.Repeat(nodes[:1], 1000),
	} {
		b.Run(name, func(b *testing.B) {
			client, stop := NewServer(nil, of...).Local(b.Context())
			defer stop()
			defer client.Close()
			b.ReportAllocs()
			size := int64(0)
			for b.Loop() {
				response, err := client.http.Get("http://kad/metrics")
				if err != nil {
					b.Fatal(err)
				}
				if size, err = io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
					b.Fatalf("%s, %v", response.Status, err)
				}
				response.Body.Close()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/scrape")
			b.ReportMetric(float64(size)/1000, "kB")
		})
	}
	s := full.Stats()
	b.Logf("full: %d records of %d bytes", s.Records, s.Bytes)
}
