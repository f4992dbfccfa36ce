package api

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"kadmium"
)

// loadConnections are the clients of a load, each with one request after another.
const loadConnections = 16

// load sends a number of requests for a path, and returns how long they took.
func load(b *testing.B, addr, path, token string, requests int) time.Duration {
	b.Helper()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + token + "\r\n\r\n")
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range loadConnections {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		ready.Add(1)
		done.Go(func() {
			answers := bufio.NewReader(c)
			ready.Done()
			<-begin
			for range (requests + i) / loadConnections {
				if _, err := c.Write(request); err != nil {
					b.Error(err)
					return
				}
				if err := readAnswer(answers); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	ready.Wait()
	began := time.Now()
	close(begin)
	done.Wait()
	return time.Since(began)
}

// readAnswer reads an answer of status 200 and its body, at less cost than package http.
func readAnswer(r *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && string(line) != "HTTP/1.1 200 OK\r\n" {
			return fmt.Errorf("it answers %q", line)
		}
		if n, ok := cutLength(line); ok {
			length = n
		}
		if len(line) == 2 {
			_, err = r.Discard(length)
			return err
		}
	}
}

func cutLength(line []byte) (int, bool) {
	const name = "Content-Length: "
	if len(line) < len(name)+2 || string(line[:len(name)]) != name {
		return 0, false
	}
	n, err := strconv.Atoi(string(line[len(name) : len(line)-2]))
	return n, err == nil
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// A value that the node holds, over TCP with the token, beside a handler of package http
// that answers with the same bytes and does nothing else. ratio is the node's rate divided by
// the handler's; clients and servers share the processors.
func BenchmarkGetHeldValue(b *testing.B) {
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	value := make([]byte, 100)
	for i := range 5000 { // a node has more to hold than one value
		if _, err := n.Put(b.Context(), fmt.Sprint("/v/x", i), value, kadmium.PutOptions{Ephemeral: true}); err != nil {
			b.Fatal(err)
		}
	}
	l, err := ListenTCP("0", false, false)
	if err != nil {
		b.Fatal(err)
	}
	token := NewToken()
	defer NewServer(nil, n).ServeTCP(l, TCPConfig{Token: token})()
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(value)
	}))
	defer bare.Close()

	const path, rounds = "/v1/values/%2Fv%2Fx0?quorum=1", 25
	var own, others, ratios []float64
	each := max(loadConnections, b.N/rounds)
	b.ResetTimer()
	for range rounds { // in turns, of which the median counts: the machine may have other work
		took := load(b, l.Addr().String(), path, token.Secret(), each)
		bareTook := load(b, bare.Listener.Addr().String(), path, token.Secret(), each)
		own = append(own, float64(each)/took.Seconds())
		others = append(others, float64(each)/bareTook.Seconds())
		ratios = append(ratios, bareTook.Seconds()/took.Seconds())
	}
	b.ReportMetric(median(own), "gets/s")
	b.ReportMetric(median(others), "bare/s")
	b.ReportMetric(median(ratios), "ratio")
}
