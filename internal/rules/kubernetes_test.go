package rules

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// object is what the test needs to see of a Kubernetes object.
type object struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Template    podTemplate `yaml:"template"`
		JobTemplate struct {
			Spec struct {
				Template podTemplate `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"jobTemplate"`

		// Of a PodDisruptionBudget:
		MaxUnavailable int `yaml:"maxUnavailable"`
		Selector       struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		} `yaml:"selector"`

		// Of a NetworkPolicy:
		PodSelector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		} `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []peers  `yaml:"ingress"`
		Egress      []peers  `yaml:"egress"`
	} `yaml:"spec"`
}

type peers struct {
	From []peer `yaml:"from"`
	To   []peer `yaml:"to"`
	// Ports are names or numbers.
	Ports []struct {
		Port string `yaml:"port"`
	} `yaml:"ports"`
}

type peer struct {
	IPBlock struct {
		CIDR   string   `yaml:"cidr"`
		Except []string `yaml:"except"`
	} `yaml:"ipBlock"`
}

type podTemplate struct {
	Metadata struct {
		Labels map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec struct {
		HostNetwork     bool  `yaml:"hostNetwork"`
		HostPID         bool  `yaml:"hostPID"`
		Token           *bool `yaml:"automountServiceAccountToken"`
		SecurityContext struct {
			RunAsNonRoot bool              `yaml:"runAsNonRoot"`
			RunAsUser    int               `yaml:"runAsUser"`
			RunAsGroup   int               `yaml:"runAsGroup"`
			Seccomp      map[string]string `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		InitContainers []podContainer `yaml:"initContainers"`
		Containers     []podContainer `yaml:"containers"`
	} `yaml:"spec"`
}

type podContainer struct {
	Name            string       `yaml:"name"`
	Args            []string     `yaml:"args"`
	Startup         *probe       `yaml:"startupProbe"`
	Liveness        *probe       `yaml:"livenessProbe"`
	Readiness       *probe       `yaml:"readinessProbe"`
	SecurityContext *lockedDown  `yaml:"securityContext"`
	VolumeMounts    []mountPoint `yaml:"volumeMounts"`
	Resources       struct {
		Limits map[string]string `yaml:"limits"`
	} `yaml:"resources"`
}

type probe struct {
	HTTPGet struct {
		Path string `yaml:"path"`
	} `yaml:"httpGet"`
}

type lockedDown struct {
	Escalation   *bool `yaml:"allowPrivilegeEscalation"`
	Privileged   bool  `yaml:"privileged"`
	ReadOnlyRoot bool  `yaml:"readOnlyRootFilesystem"`
	Capabilities struct {
		Drop []string `yaml:"drop"`
		Add  []string `yaml:"add"`
	} `yaml:"capabilities"`
}

type mountPoint struct {
	MountPath string `yaml:"mountPath"`
	ReadOnly  bool   `yaml:"readOnly"`
}

func objects(t *testing.T, name string) (all []object) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text(t, name))))
	for {
		var o object
		switch err := decoder.Decode(&o); err {
		case nil:
			all = append(all, o)
		case io.EOF:
			return all
		default:
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// Pods of the example run as nobody in particular, write to nothing but /tmp, and are looked after.
func TestDoorKubernetesPodsAreLocked(t *testing.T) {
	pods := 0
	for _, name := range []string{"deploy/kubernetes/etl.yaml", "deploy/kubernetes/cronjob.yaml"} {
		for _, o := range objects(t, name) {
			if o.Kind == "Secret" {
				t.Errorf("%s has a Secret: it would be applied with what stands there", name)
			}
			for _, pod := range []podTemplate{o.Spec.Template, o.Spec.JobTemplate.Spec.Template} {
				if len(pod.Spec.Containers) == 0 {
					continue
				}
				pods++
				checkPod(t, name, pod)
			}
		}
	}
	if pods != 2 {
		t.Errorf("%d pods were found, want 2", pods)
	}
}

func checkPod(t *testing.T, name string, pod podTemplate) {
	t.Helper()
	context := pod.Spec.SecurityContext
	if pod.Spec.HostNetwork || pod.Spec.HostPID || pod.Spec.Token == nil || *pod.Spec.Token {
		t.Errorf("%s: the pod has the host's network or processes, or a token for the cluster", name)
	}
	if !context.RunAsNonRoot || context.RunAsUser != 65532 || context.RunAsGroup != 65532 || context.Seccomp["type"] != "RuntimeDefault" {
		t.Errorf("%s: the pod runs as %+v", name, context)
	}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		var want lockedDown
		no := false
		want.Escalation, want.ReadOnlyRoot, want.Capabilities.Drop = &no, true, []string{"ALL"}
		if diff := cmp.Diff(&want, c.SecurityContext); diff != "" {
			t.Errorf("%s: container %s (-want +got):\n%s", name, c.Name, diff)
		}
		if c.Resources.Limits["memory"] == "" {
			t.Errorf("%s: container %s has no limit of memory", name, c.Name)
		}
		for _, mount := range c.VolumeMounts {
			if !mount.ReadOnly && mount.MountPath != "/tmp" {
				t.Errorf("%s: container %s may write to %s", name, c.Name, mount.MountPath)
			}
		}
		if c.Args[0] == "serve" && (c.Startup == nil || c.Liveness == nil || c.Readiness == nil ||
			c.Liveness.HTTPGet.Path != "/healthz" || c.Readiness.HTTPGet.Path != "/readyz") {
			t.Errorf("%s: container %s is not looked after", name, c.Name)
		}
	}
}

// A node that is emptied takes one of the pods at a time, and is never kept from it.
func TestKubernetesDisruptionBudget(t *testing.T) {
	var pods, budgets []object
	for _, o := range objects(t, "deploy/kubernetes/etl.yaml") {
		switch o.Kind {
		case "Deployment":
			pods = append(pods, o)
		case "PodDisruptionBudget":
			budgets = append(budgets, o)
		}
	}
	if len(pods) != 1 || len(budgets) != 1 {
		t.Fatalf("%d deployments and %d budgets, want 1 of each", len(pods), len(budgets))
	}
	if budget := budgets[0].Spec; budget.MaxUnavailable != 1 {
		t.Errorf("%d pods may be missing, want 1", budget.MaxUnavailable)
	} else if diff := cmp.Diff(pods[0].Spec.Template.Metadata.Labels, budget.Selector.MatchLabels); diff != "" {
		t.Errorf("the budget is for other pods (-pods +budget):\n%s", diff)
	}
}

// The pods are reached by the proxy and by Prometheus, and reach names, the warehouse and the world outside, but not what else runs in
// the cluster nor the address at which clouds hand out credentials.
func TestDoorKubernetesNetworkPolicy(t *testing.T) {
	var labels []map[string]string
	var policies []object
	for _, name := range []string{"deploy/kubernetes/etl.yaml", "deploy/kubernetes/cronjob.yaml"} {
		for _, o := range objects(t, name) {
			if o.Kind == "NetworkPolicy" {
				policies = append(policies, o)
			}
			for _, pod := range []podTemplate{o.Spec.Template, o.Spec.JobTemplate.Spec.Template} {
				if len(pod.Spec.Containers) > 0 {
					labels = append(labels, pod.Metadata.Labels)
				}
			}
		}
	}
	if len(policies) != 1 {
		t.Fatalf("%d network policies, want 1", len(policies))
	}
	policy := policies[0].Spec
	for _, of := range labels {
		for key, value := range policy.PodSelector.MatchLabels {
			if of[key] != value {
				t.Errorf("the policy does not hold for a pod with the labels %v", of)
			}
		}
	}
	if len(policy.PodSelector.MatchLabels) == 0 || strings.Join(policy.PolicyTypes, " ") != "Ingress Egress" {
		t.Errorf("the policy is for %v and %v", policy.PodSelector.MatchLabels, policy.PolicyTypes)
	}
	for _, rule := range slices.Concat(policy.Ingress, policy.Egress) {
		if len(rule.From)+len(rule.To) == 0 || len(rule.Ports) == 0 {
			t.Errorf("a rule lets everybody through, or to every port: %+v", rule)
		}
		for _, other := range slices.Concat(rule.From, rule.To) {
			if other.IPBlock.CIDR == "0.0.0.0/0" && (!slices.Contains(other.IPBlock.Except, "169.254.0.0/16") ||
				len(rule.Ports) != 1 || rule.Ports[0].Port != "443") {
				t.Errorf("the world is reached with %+v", rule)
			}
		}
	}
}
