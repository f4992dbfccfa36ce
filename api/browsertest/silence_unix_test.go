//go:build unix

package browsertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"kadmium"
)

// peersOf is the environment variable that makes this program the peers of the node at an
// address, until its stdin ends.
const peersOf = "KAD_TEST_PEERS_OF"

func TestMain(m *testing.M) {
	if first := os.Getenv(peersOf); first != "" {
		if err := runPeers(first); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func runPeers(first string) error {
	for range size - 1 {
		n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, Bootstrap: []string{first}})
		if err != nil {
			return err
		}
		defer n.Close()
	}
	fmt.Println("running")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// A node all of whose peers fall silent at once, as behind a link that was cut, turns to
// not ready within a minute, and back when they speak again.
func TestSilence(t *testing.T) {
	t.Parallel()
	n := startAlone(t, kadmium.DefaultK)
	peers := exec.Command(os.Args[0])
	peers.Env = append(os.Environ(), peersOf+"="+n.nodes[0].Addresses()[0].String())
	peers.Stderr = os.Stderr
	stdin, err := peers.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := peers.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = peers.Process.Signal(syscall.SIGCONT)
		stdin.Close()
		_ = peers.Wait()
	})
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	b.open(n.url + n.token)
	b.until(contacts + " === 19 && " + state + " === 'well'")
	if err := peers.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.untilWithin(time.Minute, state+" === 'bad' && document.querySelector('#sentence').innerText.includes('not ready')")
	if err := peers.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	b.untilWithin(time.Minute, state+" === 'well'")
	b.wellBehaved()
}
