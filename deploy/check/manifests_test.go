// Package check tests what deploys nodes: manifests, the unit, the program of the image, the
// pages of the manual. It is a module of its own, so that what it needs is no dependency of
// the program's.
package check

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// root is the directory of the program's module.
const root = "../.."

// manifests are the resources of a directory of kustomize.
type manifests struct {
	service     core.Service
	set         apps.StatefulSet
	budget      policy.PodDisruptionBudget
	network     networking.NetworkPolicy
	monitor     monitoring.ServiceMonitor
	measurement batch.Job
}

// build has kustomize make the resources, and reads them with the types of their API, in
// which no other field may stand.
func build(t *testing.T, dir string, kinds ...string) *manifests {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../kubernetes/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	m := new(manifests)
	into := map[string]any{
		"Service": &m.service, "StatefulSet": &m.set, "PodDisruptionBudget": &m.budget,
		"NetworkPolicy": &m.network, "ServiceMonitor": &m.monitor, "Job": &m.measurement,
	}
	var made []string
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if into[r.GetKind()] == nil {
			t.Fatalf("%s: a %s, of which the test knows no type", dir, r.GetKind())
		}
		if err := yaml.UnmarshalStrict(text, into[r.GetKind()]); err != nil {
			t.Errorf("%s: %s: %v", dir, r.GetKind(), err)
		}
		made = append(made, r.GetKind())
	}
	if slices.Sort(made); !slices.Equal(made, kinds) {
		t.Errorf("%s makes %q, want %q", dir, made, kinds)
	}
	return m
}

var all = []string{"NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceMonitor", "StatefulSet"}

// variables are the environment variables that a command reads.
func variables(t *testing.T, command string) []string {
	t.Helper()
	help := exec.CommandContext(t.Context(), "go", "run", "./cmd/kad", "help", command, "--json")
	help.Dir = root
	out, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`"env":"(KAD_[A-Z_]+)"`).FindAllStringSubmatch(string(out), -1) {
		names = append(names, match[1])
	}
	return names
}

// hasVariables checks that a command reads the variables of a container, and returns them.
func hasVariables(t *testing.T, command string, c *core.Container) map[string]string {
	t.Helper()
	known, values := variables(t, command), make(map[string]string)
	for _, v := range c.Env {
		if !slices.Contains(known, v.Name) {
			t.Errorf("kad %s does not read %s", command, v.Name)
		}
		values[v.Name] = v.Value
	}
	return values
}

func TestKubernetes(t *testing.T) {
	m := build(t, "base", all...)
	if s := m.service.Spec; s.ClusterIP != "None" || !s.PublishNotReadyAddresses || m.set.Spec.ServiceName != m.service.Name || m.set.Spec.PodManagementPolicy != apps.ParallelPodManagement {
		t.Error("the first pods do not find each other")
	}
	pod := m.set.Spec.Template
	for name, selector := range map[string]map[string]string{
		"Service": m.service.Spec.Selector, "StatefulSet": m.set.Spec.Selector.MatchLabels,
		"PodDisruptionBudget": m.budget.Spec.Selector.MatchLabels, "NetworkPolicy": m.network.Spec.PodSelector.MatchLabels,
	} {
		if len(selector) == 0 {
			t.Errorf("%s selects everything", name)
		}
		for key, value := range selector {
			if pod.Labels[key] != value {
				t.Errorf("%s selects %s=%s, and a pod has %q", name, key, value, pod.Labels[key])
			}
		}
	}
	for key, value := range m.monitor.Spec.Selector.MatchLabels {
		if m.service.Labels[key] != value {
			t.Errorf("ServiceMonitor selects %s=%s, and the Service has %q", key, value, m.service.Labels[key])
		}
	}
	watchedAs(t, m)
	node := pod.Spec.Containers[0]
	env := hasVariables(t, "node", &node)
	if env["KAD_BOOTSTRAP"] != fmt.Sprintf("%s:%d", m.service.Name, m.service.Spec.Ports[0].Port) {
		t.Errorf("nodes join through %s", env["KAD_BOOTSTRAP"])
	}
	// A node whose disk is full serves what it holds: it is not killed for that, nor if it
	// was so at its start.
	for probe, path := range map[*core.Probe]string{node.StartupProbe: "/livez", node.LivenessProbe: "/livez", node.ReadinessProbe: "/readyz"} {
		if probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != m.service.Spec.Ports[1].Name {
			t.Errorf("a probe asks %s at %s", probe.HTTPGet.Path, &probe.HTTPGet.Port)
		}
	}
	if node.ReadinessProbe.TimeoutSeconds != 6 {
		t.Error("a node that asks its neighbours is not waited for")
	}
	restricted(t, &pod.Spec)
}

// watchedAs checks that nodes are scraped under the name by which alerts and dashboard ask for
// them: the operator takes it from the label of the Service that jobLabel names, and without
// one it is the Service's name.
func watchedAs(t *testing.T, m *manifests) {
	t.Helper()
	job := m.service.Name
	if label := m.monitor.Spec.JobLabel; label != "" {
		job = m.service.Labels[label]
	}
	found := 0
	for _, file := range []string{"alerts.yml", "grafana.json"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`\bjob=~?\\?"([^"\\]*)`).FindAllStringSubmatch(string(text), -1) {
			if found++; match[1] != job {
				t.Errorf("%s asks for job %q, and nodes are scraped as %q", file, match[1], job)
			}
		}
	}
	if found == 0 {
		t.Error("no alert asks for a job")
	}
}

// restricted checks what Pod Security's level "restricted" asks for, and that the root is
// read-only.
func restricted(t *testing.T, pod *core.PodSpec) {
	t.Helper()
	if s := pod.SecurityContext; !*s.RunAsNonRoot || *s.RunAsUser != 65532 || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
		t.Errorf("pod %+v", s)
	}
	if s := pod.Containers[0].SecurityContext; *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("container %+v", s)
	}
}

// Ten pods of a thousand nodes are the base with more ports, and without volumes.
func TestTenThousand(t *testing.T) {
	m := build(t, "ten-thousand", all...)
	env := hasVariables(t, "node", &m.set.Spec.Template.Spec.Containers[0])
	count, err := strconv.Atoi(env["KAD_COUNT"])
	if err != nil || int(*m.set.Spec.Replicas)*count != 10_000 || env["KAD_DATA"] != "" || len(m.set.Spec.VolumeClaimTemplates) != 0 {
		t.Errorf("%d pods, %v", *m.set.Spec.Replicas, env)
	}
	for _, ports := range [][]networking.NetworkPolicyPort{m.network.Spec.Ingress[0].Ports, m.network.Spec.Egress[0].Ports} {
		if p := ports[0]; p.EndPort == nil || int(*p.EndPort) != p.Port.IntValue()+count-1 {
			t.Errorf("ports %+v, want %d", p, count)
		}
	}
	if v := m.set.Spec.Template.Spec.Volumes; len(v) != 1 || v[0].EmptyDir == nil {
		t.Errorf("volumes %+v", v)
	}
}

func TestBenchJob(t *testing.T) {
	m := build(t, "bench", "Job")
	job := m.measurement.Spec
	env := hasVariables(t, "bench", &job.Template.Spec.Containers[0])
	if env["KAD_BOOTSTRAP"] != "kad:4100" || *job.CompletionMode != batch.IndexedCompletion || job.Template.Labels["kadmium/client"] != "true" {
		t.Errorf("env %v, labels %v", env, job.Template.Labels)
	}
	restricted(t, &job.Template.Spec)
}

// The compose file and the image name only variables that a node reads.
func TestVariables(t *testing.T) {
	known := variables(t, "node")
	for _, file := range []string{"compose.yaml", "Dockerfile", "kad.service"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`KAD_[A-Z_]+`).FindAllString(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s has no variable", file)
		}
		for _, name := range found {
			if !slices.Contains(known, name) {
				t.Errorf("%s has %s, which kad node does not read", file, name)
			}
		}
	}
	var compose struct {
		Node struct {
			Build struct{ Context, Dockerfile string }
		} `json:"x-node"`
		Services map[string]any
	}
	text, err := os.ReadFile("../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &compose); err != nil || len(compose.Services) != 5 {
		t.Errorf("%d services, %v", len(compose.Services), err)
	}
	if b := compose.Node.Build; b.Context != ".." || strings.TrimPrefix(b.Dockerfile, "deploy/") != "Dockerfile" {
		t.Errorf("built from %+v", b)
	}
}
