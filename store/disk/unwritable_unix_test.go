//go:build unix

package disk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Neither a directory without permission nor a file without it is opened; both
// are left as they were. Root may do anything, so another user tries.
func TestNoPermission(t *testing.T) {
	base, err := os.MkdirTemp("", "kadmium-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	program := filepath.Join(base, "test")
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	readOnly, inaccessible, fileOnly := filepath.Join(base, "readonly"), filepath.Join(base, "closed"), filepath.Join(base, "file")
	err = errors.Join(os.WriteFile(program, binary, 0o755), os.Chmod(base, 0o755), os.Mkdir(readOnly, 0o700), os.Mkdir(inaccessible, 0o700), os.Mkdir(fileOnly, 0o700))
	if err != nil {
		t.Fatal(err)
	}
	open(t, fileOnly).Close()
	err = errors.Join(os.Chmod(readOnly, 0o555), os.Chmod(inaccessible, 0), os.Chmod(fileOnly, 0o755), os.Chmod(filepath.Join(fileOnly, FileName), 0o444))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{readOnly, inaccessible, fileOnly, filepath.Join(readOnly, "below")} {
		cmd := exec.Command(program, openerArgument, dir)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), dir) {
			t.Errorf("%s: %s, %v", filepath.Base(dir), out, err)
		}
	}
	if err := os.Chmod(inaccessible, 0o700); err != nil { // so that it can be removed
		t.Fatal(err)
	}
}
