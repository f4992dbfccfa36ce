package disk

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kadmium/store"
)

const (
	writerArgument  = "-write-until-killed"
	swapperArgument = "-swap-until-killed"
)

// writeUntilKilled is the process that gets killed: four writers change entries
// over and over, and print each change once it is acknowledged.
func writeUntilKilled(dir string) {
	j, err := Open(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	held, err := load(j)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("open", len(held))
	var printing sync.Mutex
	for writer := range 4 {
		go func() {
			for n := 1; ; n++ {
				key := fmt.Sprintf("writer %d, key %d", writer, n%50)
				value := fmt.Sprintf("%s|%s", stamp(), strings.Repeat("x", n*37%900))
				change := set(store.RecordEntry, key, value)
				if n%7 == 0 {
					change.Value = nil
				}
				if err := tryWrite(j, change); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				printing.Lock()
				if change.Value == nil {
					fmt.Printf("deleted %s\n", key)
				} else {
					fmt.Printf("stored %s=%s\n", key, value)
				}
				printing.Unlock()
			}
		}()
	}
	select {}
}

// swapUntilKilled is the process of a full store: each write of its four writers removes one
// entry and stores another, and is printed once it is acknowledged.
func swapUntilKilled(dir string) {
	j, err := Open(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	held, err := load(j)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	first := make([]int, 4)
	for key := range held {
		var writer, n int
		if _, err := fmt.Sscanf(key, "record writer %d, number %d", &writer, &n); err == nil {
			first[writer] = n
		}
	}
	fmt.Println("open", len(held))
	var printing sync.Mutex
	for writer, n := range first {
		go func() {
			for ; ; n++ {
				out := set(store.RecordEntry, fmt.Sprintf("writer %d, number %d", writer, n), "")
				out.Value = nil
				in := set(store.RecordEntry, fmt.Sprintf("writer %d, number %d", writer, n+1), strings.Repeat("x", n*37%900))
				if err := tryWrite(j, out, in); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				printing.Lock()
				fmt.Println("swapped", writer, n+1)
				printing.Unlock()
			}
		}()
	}
	select {}
}

// A process of which each write displaces an entry is killed at random moments: there is
// always one of the two, never both, and what was acknowledged is there.
func TestKilledBetweenRemovingAndStoring(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	acknowledged := make([]int, 4)
	for round := range 12 {
		lines := runAndKill(t, swapperArgument, dir, 8+rnd.IntN(200), time.Duration(rnd.IntN(3000))*time.Microsecond)
		for _, line := range lines {
			var writer, n int
			if _, err := fmt.Sscanf(line, "swapped %d %d", &writer, &n); err == nil {
				acknowledged[writer] = n
			} else if strings.HasPrefix(line, "error") {
				t.Fatalf("round %d: %s", round, line)
			}
		}
		j, err := Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		held, err := load(j)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if len(held) != len(acknowledged) {
			t.Fatalf("round %d: %d entries of %d writers: %v", round, len(held), len(acknowledged), slices.Collect(maps.Keys(held)))
		}
		for writer, n := range acknowledged {
			// The write after the last acknowledged one may be there, or not.
			_, last := held[fmt.Sprintf("record writer %d, number %d", writer, n)]
			_, next := held[fmt.Sprintf("record writer %d, number %d", writer, n+1)]
			if last == next {
				t.Fatalf("round %d: writer %d: %d was acknowledged, there is %v", round, writer, n, slices.Collect(maps.Keys(held)))
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func stamp() string { return fmt.Sprint(time.Now().UnixNano()) }

// A process is killed with SIGKILL at random moments, twelve times on one
// directory: the file always opens, and of what was acknowledged nothing is lost.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	acknowledged := make(map[string]string) // as of the last line about each key; "" if deleted
	total := 0
	for round := range 12 {
		lines := runAndKill(t, writerArgument, dir, 1+rnd.IntN(200), time.Duration(rnd.IntN(3000))*time.Microsecond)
		for _, line := range lines {
			switch kind, rest, _ := strings.Cut(line, " "); kind {
			case "stored":
				key, value, _ := strings.Cut(rest, "=")
				acknowledged[key] = value
				total++
			case "deleted":
				acknowledged[rest] = ""
				total++
			case "error":
				t.Fatalf("round %d: %s", round, rest)
			}
		}
		j, err := Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		got, err := load(j)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for key, value := range acknowledged {
			// The change after the last acknowledged one may be there, or not.
			held := got["record "+key]
			if held != value && !newer(held, value) && !(held == "" && mayBeDeleted(lines, key)) {
				t.Fatalf("round %d: %s: acknowledged %.30q, there is %.30q", round, key, value, held)
			}
			acknowledged[key] = held
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged changes, killed 12 times, none lost", total)
}

// newer reports whether a value was made after another: its change was not
// acknowledged any more.
func newer(a, b string) bool {
	stampOf := func(s string) string { s, _, _ = strings.Cut(s, "|"); return s }
	return a != "" && stampOf(a) > stampOf(b)
}

// mayBeDeleted reports whether the writer of the key could have come to a
// deletion of it right after its last acknowledged change.
func mayBeDeleted(lines []string, key string) bool {
	writer, number, _ := strings.Cut(key, ", key ")
	n := 0
	for _, line := range lines {
		if strings.Contains(line, writer+",") {
			n++ // its changes are acknowledged one by one, from 1
		}
	}
	return (n+1)%7 == 0 && fmt.Sprint((n+1)%50) == number
}

// A process killed while it makes the file leaves none, or a whole one.
func TestKilledWhileTheFileIsMade(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for i := range 15 {
		dir := t.TempDir()
		runAndKill(t, writerArgument, dir, 0, time.Duration(i)*time.Millisecond)
		j := open(t, dir)
		mustWrite(t, j, set(store.TableEntry, "a", "1"))
		j.Close()
	}
}

// runAndKill starts the writer and kills it some time after it has printed a
// number of lines; it returns all it printed.
func runAndKill(t *testing.T, writer, dir string, after int, more time.Duration) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], writer, dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	scanner := bufio.NewScanner(out)
	for {
		if len(lines) == after {
			kill := time.AfterFunc(more, func() { cmd.Process.Kill() })
			defer kill.Stop()
		}
		if !scanner.Scan() {
			cmd.Wait()
			return lines
		}
		lines = append(lines, scanner.Text())
	}
}
