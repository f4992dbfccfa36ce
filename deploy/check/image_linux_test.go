package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// containers runs buildah and podman with a storage of its own, which the test deletes.
type containers struct {
	t       *testing.T
	storage []string
}

func (c *containers) command(tool string, args ...string) (string, error) {
	global := c.storage
	if tool == "podman" { // of runtimes, crun refuses some machines' control groups
		global = append(global[:len(global):len(global)], "--runtime", "runc", "--cgroup-manager", "cgroupfs")
	}
	cmd := exec.CommandContext(c.t.Context(), tool, append(global[:len(global):len(global)], args...)...)
	cmd.Dir = root
	var problems strings.Builder // they are no errors: here no systemd runs health checks
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return problems.String(), err
	}
	return strings.TrimSpace(string(out)), nil
}

func (c *containers) run(tool string, args ...string) string {
	c.t.Helper()
	out, err := c.command(tool, args...)
	if err != nil {
		c.t.Fatalf("%s %q: %v: %s", tool, args, err, out)
	}
	return out
}

// builder makes what stands for the image golang, which no registry need give: this machine's
// Go and modules are mounted in it.
func (c *containers) builder() (volumes []string) {
	c.t.Helper()
	download := exec.CommandContext(c.t.Context(), "go", "mod", "download")
	download.Dir = root
	if out, err := download.CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(c.t.Context(), "go", "env", "GOROOT", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	dirs := strings.Fields(string(out))
	bin := c.t.TempDir()
	shell, err := exec.LookPath("busybox")
	if err != nil {
		c.t.Fatal(err)
	}
	program, err := os.ReadFile(shell)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, name := range []string{"sh", "mkdir"} {
		if err := os.WriteFile(filepath.Join(bin, name), program, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	base := c.run("buildah", "from", "scratch")
	c.run("buildah", "copy", base, bin, "/bin")
	c.run("buildah", "config", "--env", "PATH=/usr/local/go/bin:/bin", "--env", "GOPROXY=file:///modules", "--env", "GOTOOLCHAIN=local", "--env", "GOCACHE=/cache", "--env", "TMPDIR=/", base)
	c.run("buildah", "commit", base, "docker.io/library/golang:1.26")
	return []string{
		"--volume", dirs[0] + ":/usr/local/go:ro",
		"--volume", filepath.Join(dirs[1], "cache/download") + ":/modules:ro",
		"--volume", dirs[2] + ":/cache",
	}
}

// The image is built from its file and runs as compose and Kubernetes run it: its root is
// read-only, it has no rights, and its own health check says how it is.
func TestImage(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounts need root: sudo go test -run TestImage .")
	}
	for _, tool := range []string{"buildah", "podman", "runc", "busybox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not there: apt-get install buildah podman runc busybox-static", tool)
		}
	}
	dir := t.TempDir()
	c := &containers{t: t, storage: []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}}
	build := append([]string{"bud", "--isolation", "chroot", "--pull-never", "--format", "docker"}, c.builder()...)
	c.run("buildah", append(build, "--file", "deploy/Dockerfile", "--tag", "kadmium", ".")...)
	defer func() { _, _ = c.command("podman", "rm", "--force", "kad") }()
	c.run("podman", "run", "--detach", "--name", "kad", "--network", "none", "--read-only", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "kadmium")
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(c.run("podman", "logs", "kad"), "ready ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the node is not ready")
		}
	}
	c.run("podman", "healthcheck", "run", "kad")
	for _, args := range [][]string{{"health", "--ready"}, {"put", "/v/hello", "world"}, {"get", "/v/hello"}} {
		c.run("podman", append([]string{"exec", "kad", "/kad"}, args...)...)
	}
	if out, err := c.command("podman", "exec", "kad", "/bin/sh"); err == nil {
		t.Errorf("the image has a shell: %s", out)
	}
	c.run("podman", "stop", "--time", "10", "kad")
	if state := c.run("podman", "inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}} {{.Config.User}}", "kad"); state != "0 false 65532:65532" {
		t.Errorf("stopped as %q: %s", state, c.run("podman", "logs", "kad"))
	}
}
