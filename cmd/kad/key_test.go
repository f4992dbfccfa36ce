package main

import (
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/internal/cli"
)

func TestKeyNewAndShow(t *testing.T) {
	u := newUser(t)
	made := one[keyResult](u.kad("key", "new", "node.pem", "--json").exits(cli.ExitDone))
	shown := one[keyResult](u.kad("key", "show", "node.pem", "--json").exits(cli.ExitDone))
	if made != shown || !strings.HasPrefix(made.Peer.String(), "12D3KooW") || len(made.PublicKey) != 64 {
		t.Errorf("made %+v, shown %+v", made, shown)
	}
	info, err := os.Stat(filepath.Join(u.dir, "node.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	plain := u.kad("key", "show", "node.pem").exits(cli.ExitDone).stdout
	for _, want := range []string{made.Peer.String(), made.PublicKey, made.Position} {
		if !strings.Contains(plain, want) {
			t.Errorf("plain output lacks %s:\n%s", want, plain)
		}
	}
}

// A key file of openssl shows the public key that openssl shows (design R2.1).
func TestKeyShowReadsWhatOpensslWrote(t *testing.T) {
	needOpenssl(t)
	u := newUser(t)
	file := filepath.Join(u.dir, "theirs.pem")
	if out, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519", "-out", file).CombinedOutput(); err != nil {
		t.Fatalf("openssl genpkey: %v\n%s", err, out)
	}
	got := one[keyResult](u.kad("key", "show", file, "--json").exits(cli.ExitDone))
	if want := opensslPublicKey(t, file); got.PublicKey != want {
		t.Errorf("public key %s, openssl says %s", got.PublicKey, want)
	}
}

func TestOpensslReadsTheKey(t *testing.T) {
	needOpenssl(t)
	u := newUser(t)
	made := one[keyResult](u.kad("key", "new", "node.pem", "--json").exits(cli.ExitDone))
	if got := opensslPublicKey(t, filepath.Join(u.dir, "node.pem")); got != made.PublicKey {
		t.Errorf("openssl reads public key %s, want %s", got, made.PublicKey)
	}
}

func TestKeyNewNeverOverwrites(t *testing.T) {
	u := newUser(t)
	file := filepath.Join(u.dir, "precious")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := u.kad("key", "new", file, "--json").exits(cli.ExitNotDone).says(file, "left as it is")
	if f := one[failure](r); f.Code != cli.ExitNotDone {
		t.Errorf("%+v", f)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file now holds %q, %v", b, err)
	}
	// A link that leads nowhere is a name that is taken, too.
	if err := os.Symlink("nowhere", filepath.Join(u.dir, "link")); err != nil {
		t.Fatal(err)
	}
	u.kad("key", "new", "link").exits(cli.ExitNotDone).says("link")
	if _, err := os.Stat(filepath.Join(u.dir, "nowhere")); !os.IsNotExist(err) {
		t.Error("key new wrote through a link")
	}
}

func TestKeyNotDone(t *testing.T) {
	u := newUser(t)
	u.kad("key", "show", "missing.pem").exits(cli.ExitNotDone).says("missing.pem", fs.ErrNotExist.Error()[:4])
	u.kad("key", "new", "missing/node.pem").exits(cli.ExitNotDone).says("missing/node.pem", "next: ")
}

func needOpenssl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is missing; get it with: apt-get install openssl")
	}
}

// opensslPublicKey is the public key of a key file as openssl reads it, in hex.
func opensslPublicKey(t *testing.T, file string) string {
	t.Helper()
	der, err := exec.Command("openssl", "pkey", "-in", file, "-pubout", "-outform", "DER").Output()
	if err != nil {
		t.Fatalf("openssl pkey: %v", err)
	}
	return hex.EncodeToString(der[len(der)-32:]) // RFC 8410: the key ends its SubjectPublicKeyInfo
}

func needStrace(t *testing.T) {
	t.Helper()
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skip("strace does not run here: apt-get install strace, and allow ptrace")
	}
}

// straced runs the command with a fault injected into its system calls, as strace -e
// describes it. Without strace the test is skipped.
func (u *user) straced(inject string, args ...string) *exec.Cmd {
	u.t.Helper()
	needStrace(u.t)
	cmd := u.command(u.t.Context(), args...)
	strace := exec.CommandContext(u.t.Context(), "strace", append([]string{"-f", "-o", os.DevNull, "-e", "inject=" + inject}, cmd.Args...)...)
	strace.Env, strace.Dir = cmd.Env, cmd.Dir
	return strace
}

// On FAT, on Android and on some shares link(2) is refused: a key can be made there too.
func TestKeyNewWithoutLinks(t *testing.T) {
	u := newUser(t)
	if out, err := u.straced("link,linkat:error=EPERM", "key", "new", "node.pem").CombinedOutput(); err != nil {
		t.Fatalf("kad key new, link refused: %v\n%s", err, out)
	}
	u.kad("key", "show", "node.pem").exits(cli.ExitDone)
}

// A kill while a key is made leaves nothing that is taken for a damaged key.
func TestKeyNewKilled(t *testing.T) {
	u := newUser(t)
	if out, err := u.straced("rename,renameat,renameat2:signal=KILL", "key", "new", "node.pem").CombinedOutput(); err == nil {
		t.Fatalf("kad key new was not killed:\n%s", out)
	}
	if info, err := os.Stat(filepath.Join(u.dir, "node.pem")); err != nil || info.Size() > 0 {
		t.Fatalf("after the kill: %+v, %v; want an empty file", info, err)
	}
	u.kad("key", "show", "node.pem").exits(cli.ExitBadInput).says("empty", "kad key new")
	u.kad("key", "new", "node.pem").exits(cli.ExitDone)
	u.kad("key", "show", "node.pem").exits(cli.ExitDone)
}
